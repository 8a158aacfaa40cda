/*-------------------------------------------------------------------------
 *
 * signin_bags.c
 *	  Sign-ins as the hunt for uploads shows them, in jsonb.
 *
 * A hunt can show millions, and all are objects of the same four keys.  So the
 * bytes of a jsonb are written here in the order in which they stand, as
 * utils/jsonb.h describes them: pushJsonbValue() would first make a tree of
 * each, and sort its keys.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "lib/stringinfo.h"

#include "compat.h"
#include "kql/dynamic.h"
#include "signin_bags.h"

#define BAG_KEYS	4

/* The keys as jsonb sorts them: short ones first */
static const SigninText bag_keys[BAG_KEYS] = {
	{"IPUsed", 6},
	{"UserAgent", 9},
	{"AccountUsed", 11},
	{"AzureLoginTime", 14},
};

/*
 * Count the bytes of one more part of a jsonb, which may only be so large.
 */
static void
count_bytes(uint32 *bytes, uint32 length)
{
	if (length > JENTRY_OFFLENMASK - *bytes)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("aggregated values exceed the maximum size of a jsonb, %d bytes",
						JENTRY_OFFLENMASK),
				 errhint("Ask for a shorter period.")));
	*bytes += length;
}

/*
 * The entry of a part of a container: how long it is, or where it ends.
 */
static JEntry
make_entry(JEntry type, int index, uint32 length, uint32 end)
{
	if (index % JB_OFFSET_STRIDE == 0)
		return type | JENTRY_HAS_OFF | end;
	return type | length;
}

/*
 * Write zeros up to where a container may begin.
 */
static void
align(StringInfo json)
{
	static const char zeros[sizeof(int)];

	appendBinaryStringInfo(json, zeros, INTALIGN(json->len) - json->len);
}

/*
 * Write a number of the format.
 */
static void
append_number(StringInfo json, uint32 number)
{
	appendBinaryStringInfo(json, (const char *) &number, sizeof(number));
}

/*
 * Write a sign-in as an object.
 */
static void
append_bag(StringInfo json, const Signin *signin)
{
	DynamicType time_type = {.type = TIMESTAMPTZOID,.kind = DYNAMIC_STRING};
	DynamicValue time;
	SigninText	strings[2 * BAG_KEYS];
	uint32		bytes = 0;

	(void) dynamic_encode(&time_type, TimestampTzGetDatum(signin->time), &time);
	memcpy(strings, bag_keys, sizeof(bag_keys));
	strings[BAG_KEYS] = signin->address;
	strings[BAG_KEYS + 1] = signin->useragent;
	strings[BAG_KEYS + 2] = signin->account;
	strings[BAG_KEYS + 3].data = time.data;
	strings[BAG_KEYS + 3].length = time.length;

	append_number(json, JB_FOBJECT | BAG_KEYS);
	for (int i = 0; i < (int) lengthof(strings); i++)
	{
		count_bytes(&bytes, strings[i].length);
		append_number(json, make_entry(JENTRY_ISSTRING, i, strings[i].length, bytes));
	}
	for (int i = 0; i < (int) lengthof(strings); i++)
		appendBinaryStringInfo(json, strings[i].data, strings[i].length);
}

/*
 * Start a jsonb.
 */
static void
begin_jsonb(StringInfo json)
{
	initStringInfo(json);
	append_number(json, 0);		/* for the size of the whole */
}

/*
 * The jsonb that is complete.
 */
static Jsonb *
end_jsonb(StringInfo json)
{
	SET_VARSIZE(json->data, json->len);
	return (Jsonb *) json->data;
}

/*
 * A sign-in as an object.
 */
Jsonb *
signin_bag(const Signin *signin)
{
	StringInfoData json;

	begin_jsonb(&json);
	append_bag(&json, signin);
	return end_jsonb(&json);
}

/*
 * Start an array of so many sign-ins, whose entries come before them.
 */
void
signin_bags_begin(SigninBags *bags, int count)
{
	begin_jsonb(&bags->json);
	append_number(&bags->json, JB_FARRAY | count);
	for (int i = 0; i < count; i++)
		append_number(&bags->json, 0);
	bags->count = count;
	bags->written = 0;
	bags->bytes = 0;
}

/*
 * Add a sign-in.
 */
void
signin_bags_add(SigninBags *bags, const Signin *signin)
{
	StringInfo	json = &bags->json;
	int			index = bags->written++;
	int			start = json->len;
	JEntry		entry;

	Assert(bags->written <= bags->count);
	align(json);
	append_bag(json, signin);
	count_bytes(&bags->bytes, json->len - start);
	entry = make_entry(JENTRY_ISCONTAINER, index, json->len - start, bags->bytes);
	memcpy(json->data + offsetof(Jsonb, root.children) + index * sizeof(JEntry),
		   &entry, sizeof(entry));
}

/*
 * The array, when all are added.
 */
Jsonb *
signin_bags_end(SigninBags *bags)
{
	Assert(bags->written == bags->count);
	return end_jsonb(&bags->json);
}
