/*-------------------------------------------------------------------------
 *
 * prefix.h
 *	  Digests of the beginnings of a file.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_PREFIX_H
#define LOAD_PREFIX_H

#include "read/digest.h"
#include "read/inflate.h"

/* The first bytes of a file. */
typedef struct Prefix
{
	int64_t		size;
	bool		named;			/* the file was loaded up to here under its
								 * name */
	char		digest[DIGEST_HEX_SIZE];	/* empty if the file is shorter */
} Prefix;

extern bool digest_prefixes(Source *source, Prefix *prefixes, int nprefixes, bool *at_end);

#endif							/* LOAD_PREFIX_H */
