/*-------------------------------------------------------------------------
 *
 * digest.h
 *	  SHA-256 of what was read so far, by OpenSSL's libcrypto.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_DIGEST_H
#define LOAD_DIGEST_H

#include <stddef.h>

#include <openssl/evp.h>

/* Room for a digest in hexadecimal digits, with its NUL */
#define DIGEST_HEX_SIZE	65

extern EVP_MD_CTX *digest_start(void);
extern void digest_update(EVP_MD_CTX *digest, const void *data, size_t length);
extern void digest_hex(const EVP_MD_CTX *digest, char hex[DIGEST_HEX_SIZE]);

#endif							/* LOAD_DIGEST_H */
