/*-------------------------------------------------------------------------
 *
 * prefix.c
 *	  Digests of the beginnings of a file.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "read/prefix.h"

/*
 * Read up to an offset, and add that to a digest of *digested bytes; false on
 * failure.  If the file ends before, *at_end.
 */
static bool
digest_up_to(Source *source, EVP_MD_CTX *digest, int64_t *digested, int64_t offset, bool *at_end)
{
	while (*digested < offset && !*at_end)
	{
		/* never more than wanted, so that the digest is that of the part */
		char		chunk[SOURCE_CHUNK];
		int64_t		wanted = offset - *digested;
		ssize_t		length = source_read(source, chunk,
										 wanted < SOURCE_CHUNK ? (size_t) wanted : SOURCE_CHUNK);

		if (length < 0)
			return false;
		digest_update(digest, chunk, (size_t) length);
		*digested += length;
		*at_end = length == 0;
	}
	return true;
}

/*
 * Read a file once, and fill the digests in of its first bytes; their sizes come
 * in ascending order.  *at_end tells whether the file ends with the last one
 * that it has.  False if the file cannot be read.
 */
bool
digest_prefixes(Source *source, Prefix *prefixes, int nprefixes, bool *at_end)
{
	EVP_MD_CTX *digest = digest_start();
	int64_t		digested = 0;
	int64_t		last = 0;
	bool		ok = true;

	*at_end = false;
	for (int i = 0; i < nprefixes && ok && !*at_end; i++)
	{
		ok = digest_up_to(source, digest, &digested, prefixes[i].size, at_end);
		if (!ok || digested < prefixes[i].size)
			continue;
		digest_hex(digest, prefixes[i].digest);
		last = digested;
	}
	if (ok && !*at_end)
		ok = digest_up_to(source, digest, &digested, digested + 1, at_end);
	*at_end = *at_end && digested == last;
	EVP_MD_CTX_free(digest);
	return ok;
}
