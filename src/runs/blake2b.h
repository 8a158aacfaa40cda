/*-------------------------------------------------------------------------
 *
 * blake2b.h
 *	  The digest BLAKE2b, RFC 7693, without a key.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef BLAKE2B_H
#define BLAKE2B_H

#define BLAKE2B_BLOCK	128
#define BLAKE2B_MAX_SIZE	64

typedef struct Blake2b
{
	uint64		state[8];
	uint64		length;			/* of what has been compressed */
	size_t		used;			/* bytes of the block that are not */
	int			size;			/* of the digest, in bytes */
	uint8		block[BLAKE2B_BLOCK];
} Blake2b;

extern void blake2b_init(Blake2b *digest, int size);
extern void blake2b_update(Blake2b *digest, const void *data, size_t length);
extern void blake2b_final(Blake2b *digest, uint8 *result);

#endif							/* BLAKE2B_H */
