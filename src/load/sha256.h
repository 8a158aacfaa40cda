/*-------------------------------------------------------------------------
 *
 * sha256.h
 *	  SHA-256, as FIPS 180-4 defines it.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_SHA256_H
#define LOAD_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_LENGTH	32

/* The state after some bytes; a copy of it can go on by itself. */
typedef struct Sha256
{
	uint32_t	state[8];
	uint64_t	length;			/* bytes so far */
	unsigned char block[64];	/* of these, the ones not yet in state */
} Sha256;

extern void sha256_init(Sha256 *sha);
extern void sha256_update(Sha256 *sha, const void *data, size_t length);
extern void sha256_final(Sha256 sha, unsigned char digest[SHA256_LENGTH]);
extern void sha256_hex(Sha256 sha, char hex[2 * SHA256_LENGTH + 1]);

#endif							/* LOAD_SHA256_H */
