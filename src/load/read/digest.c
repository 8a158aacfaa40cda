/*-------------------------------------------------------------------------
 *
 * digest.c
 *	  SHA-256 of what was read so far, by OpenSSL's libcrypto.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "read/digest.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * SHA-256 fails only where there is no memory, or where the library has been
 * told to refuse it.
 */
static void
check(int succeeded)
{
	if (succeeded == 1)
		return;
	fprintf(stderr, "azhunt-load: libcrypto cannot compute SHA-256\n");
	exit(2);
}

/*
 * Begin a digest, to be freed by EVP_MD_CTX_free().
 */
EVP_MD_CTX *
digest_start(void)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();

	check(digest != NULL && EVP_DigestInit_ex(digest, EVP_sha256(), NULL));
	return digest;
}

/*
 * Add bytes.
 */
void
digest_update(EVP_MD_CTX *digest, const void *data, size_t length)
{
	check(EVP_DigestUpdate(digest, data, length));
}

/*
 * Print the digest of the bytes so far, to which more may be added.
 */
void
digest_hex(const EVP_MD_CTX *digest, char hex[DIGEST_HEX_SIZE])
{
	EVP_MD_CTX *copy = EVP_MD_CTX_new();
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned int length;

	check(copy != NULL && EVP_MD_CTX_copy_ex(copy, digest));
	check(EVP_DigestFinal_ex(copy, bytes, &length));
	EVP_MD_CTX_free(copy);
	for (unsigned int i = 0; i < length; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}
