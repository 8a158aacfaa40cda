/*-------------------------------------------------------------------------
 *
 * digest.c
 *	  Digests that tell matches, and results, apart.
 *
 * A match is unique by all that describes it, which is too long for an index.
 * Digests stand for it, and whoever writes log rows must not find two matches
 * with the same.  They are stored and restored, so that they must not depend on
 * the machine: not on how it stores jsonb either.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "blake2b.h"

#define KEY_SIZE	32

/* What follows in a digest: each says where it ends */
typedef enum DigestTag
{
	DIGEST_NULL = 0,
	DIGEST_STRING = 1,			/* its length, its bytes */
	DIGEST_NUMBER = 2,			/* as a string has it */
	DIGEST_FALSE = 3,
	DIGEST_TRUE = 4,
	DIGEST_ARRAY = 5,			/* how many elements, these */
	DIGEST_OBJECT = 6,			/* how many members, a key and a value each */
	DIGEST_TIME = 7,			/* microseconds since 2000, in eight bytes */
} DigestTag;

/* The members of the key of a result, which all rows of a query have */
typedef struct ResultKey
{
	int			count;
	Datum	   *names;
} ResultKey;

PG_FUNCTION_INFO_V1(azhunt_match_key);
PG_FUNCTION_INFO_V1(azhunt_match_result_id);

static void add_container(Blake2b *digest, JsonbContainer *container);

/*
 * Add what has no content.
 */
static inline void
add_tag(Blake2b *digest, DigestTag tag)
{
	uint8		byte = tag;

	blake2b_update(digest, &byte, sizeof(byte));
}

/*
 * Add a tag and the number that follows it.
 */
static inline void
add_count(Blake2b *digest, DigestTag tag, uint32 count)
{
	uint8		header[1 + sizeof(uint32)];

	header[0] = tag;
	count = pg_hton32(count);
	memcpy(header + 1, &count, sizeof(count));
	blake2b_update(digest, header, sizeof(header));
}

/*
 * Add a string.
 */
static inline void
add_string(Blake2b *digest, DigestTag tag, const char *string, uint32 length)
{
	add_count(digest, tag, length);
	blake2b_update(digest, string, length);
}

/*
 * Add an argument that is a text, or null.
 */
static inline void
add_text(Blake2b *digest, FunctionCallInfo fcinfo, int argument)
{
	text	   *string;

	if (PG_ARGISNULL(argument))
	{
		add_tag(digest, DIGEST_NULL);
		return;
	}
	string = PG_GETARG_TEXT_PP(argument);
	add_string(digest, DIGEST_STRING, VARDATA_ANY(string), VARSIZE_ANY_EXHDR(string));
}

/*
 * Add a value of a jsonb.
 */
static void
add_value(Blake2b *digest, const JsonbValue *value)
{
	char	   *number;

	switch (value->type)
	{
		case jbvNull:
			add_tag(digest, DIGEST_NULL);
			break;
		case jbvString:
			add_string(digest, DIGEST_STRING, value->val.string.val, value->val.string.len);
			break;
		case jbvNumeric:
			number = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
			add_string(digest, DIGEST_NUMBER, number, strlen(number));
			break;
		case jbvBool:
			add_tag(digest, value->val.boolean ? DIGEST_TRUE : DIGEST_FALSE);
			break;
		case jbvBinary:
			add_container(digest, value->val.binary.data);
			break;
		default:
			elog(ERROR, "unexpected jsonb value type: %d", (int) value->type);
	}
}

/*
 * Add an array or object with all that is in it.
 *
 * The members of an object come in the order of jsonb, which is the same
 * everywhere.
 */
static void
add_container(Blake2b *digest, JsonbContainer *container)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token == WJB_BEGIN_OBJECT)
			add_count(digest, DIGEST_OBJECT, value.val.object.nPairs);
		else if (token == WJB_BEGIN_ARRAY)
			add_count(digest, DIGEST_ARRAY, value.val.array.nElems);
		else if (token == WJB_KEY || token == WJB_VALUE || token == WJB_ELEM)
			add_value(digest, &value);
	}
}

/*
 * match_key(account text, address text, useragent text, storageaccount text,
 * details jsonb): digest of all that describes a match but its time.
 */
Datum
azhunt_match_key(PG_FUNCTION_ARGS)
{
	bytea	   *key = palloc(VARHDRSZ + KEY_SIZE);
	Blake2b		digest;

	if (PG_ARGISNULL(4))
		PG_RETURN_NULL();
	blake2b_init(&digest, KEY_SIZE);
	for (int i = 0; i < 4; i++)
		add_text(&digest, fcinfo, i);
	add_container(&digest, &PG_GETARG_JSONB_P(4)->root);
	SET_VARSIZE(key, VARHDRSZ + KEY_SIZE);
	blake2b_final(&digest, (uint8 *) VARDATA(key));
	PG_RETURN_BYTEA_P(key);
}

/*
 * The names of a result's key, looked up once a query.
 */
static ResultKey *
result_key(FunctionCallInfo fcinfo, int argument)
{
	ResultKey  *result = fcinfo->flinfo->fn_extra;
	MemoryContext old_context;

	if (result != NULL)
		return result;
	old_context = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	result = palloc(sizeof(ResultKey));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P_COPY(argument), TEXTOID, -1, false, TYPALIGN_INT,
					  &result->names, NULL, &result->count);
	MemoryContextSwitchTo(old_context);
	fcinfo->flinfo->fn_extra = result;
	return result;
}

/*
 * Is this the name?
 */
static inline bool
is_name(const text *name, const char *expected)
{
	return VARSIZE_ANY_EXHDR(name) == strlen(expected) &&
		memcmp(VARDATA_ANY(name), expected, strlen(expected)) == 0;
}

/*
 * Add what the match has by this name: a column, or a member of details.
 */
static void
add_named(Blake2b *digest, FunctionCallInfo fcinfo, const text *name)
{
	static const char *const columns[] = {"account", "address", "useragent", "storageaccount"};
	Jsonb	   *details;
	JsonbValue	member;
	int64		time;

	if (is_name(name, "time"))
	{
		time = pg_hton64(PG_GETARG_TIMESTAMPTZ(2));
		add_tag(digest, DIGEST_TIME);
		blake2b_update(digest, &time, sizeof(time));
		return;
	}
	for (size_t i = 0; i < lengthof(columns); i++)
	{
		if (is_name(name, columns[i]))
		{
			add_text(digest, fcinfo, 3 + i);
			return;
		}
	}
	details = PG_ARGISNULL(7) ? NULL : PG_GETARG_JSONB_P(7);
	/* what is no object the table refuses afterwards */
	if (details != NULL && JB_ROOT_IS_OBJECT(details) &&
		getKeyJsonValueFromContainer(&details->root, VARDATA_ANY(name),
									 VARSIZE_ANY_EXHDR(name), &member))
		add_value(digest, &member);
	else
		add_tag(digest, DIGEST_NULL);
}

/*
 * match_result_id(rule text, result_key text[], time timestamptz, account text,
 * address text, useragent text, storageaccount text, details jsonb): digest of
 * the rule and of what all matches of the result have in common.
 *
 * All rows of a query must have the same key.
 */
Datum
azhunt_match_result_id(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *result_id;
	ResultKey  *key;
	Blake2b		digest;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	key = result_key(fcinfo, 1);
	result_id = palloc(sizeof(pg_uuid_t));
	blake2b_init(&digest, UUID_LEN);
	add_text(&digest, fcinfo, 0);
	for (int i = 0; i < key->count; i++)
		add_named(&digest, fcinfo, (text *) DatumGetPointer(key->names[i]));
	blake2b_final(&digest, result_id->data);
	PG_RETURN_UUID_P(result_id);
}
