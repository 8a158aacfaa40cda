/*-------------------------------------------------------------------------
 *
 * digest.c
 *	  Digests that stand for texts in unique keys.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "fmgr.h"
#include "port/pg_bswap.h"
#include "utils/array.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(azhunt_sha256_of);

/*
 * Add a text to a digest, after its length, which tells it from its neighbours
 * and from a null.  The digest is stored and restored, so that it must not
 * depend on the machine.
 */
static bool
add_text(pg_cryptohash_ctx *context, Datum value, bool is_null)
{
	text	   *string = is_null ? NULL : DatumGetTextPP(value);
	uint32		length = is_null ? PG_UINT32_MAX : VARSIZE_ANY_EXHDR(string);
	uint32		prefix = pg_hton32(length);

	if (pg_cryptohash_update(context, (uint8 *) &prefix, sizeof(prefix)) < 0)
		return false;
	return is_null ||
		pg_cryptohash_update(context, (uint8 *) VARDATA_ANY(string), length) >= 0;
}

/*
 * sha256_of(texts text[]): SHA-256 of texts, each told from the others.
 */
Datum
azhunt_sha256_of(PG_FUNCTION_ARGS)
{
	ArrayType  *texts = PG_GETARG_ARRAYTYPE_P(0);
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);
	bytea	   *digest = palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	Datum	   *values;
	bool	   *nulls;
	int			count;
	bool		done;

	deconstruct_array(texts, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &count);
	done = pg_cryptohash_init(context) >= 0;
	for (int i = 0; done && i < count; i++)
		done = add_text(context, values[i], nulls[i]);
	SET_VARSIZE(digest, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	if (!done ||
		pg_cryptohash_final(context, (uint8 *) VARDATA(digest), PG_SHA256_DIGEST_LENGTH) < 0)
		elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(context));
	pg_cryptohash_free(context);
	PG_RETURN_BYTEA_P(digest);
}
