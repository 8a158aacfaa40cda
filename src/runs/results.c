/*-------------------------------------------------------------------------
 *
 * results.c
 *	  What the views of results compute for each result.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "compat.h"

/* The latest match of a group */
typedef struct LatestMatch
{
	TimestampTz time;
	Jsonb	   *details;
	Size		allocated;		/* for the details */
} LatestMatch;

PG_FUNCTION_INFO_V1(azhunt_fill_in);
PG_FUNCTION_INFO_V1(azhunt_members);
PG_FUNCTION_INFO_V1(azhunt_latest_details_transition);
PG_FUNCTION_INFO_V1(azhunt_latest_details_final);

/*
 * Append a value as ->> has it, a null as nothing.
 */
static void
append_value(StringInfo result, JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			break;
		case jbvString:
			appendBinaryStringInfo(result, value->val.string.val, value->val.string.len);
			break;
		case jbvNumeric:
			appendStringInfoString(result, DatumGetCString(DirectFunctionCall1(numeric_out,
																			   NumericGetDatum(value->val.numeric))));
			break;
		case jbvBool:
			appendStringInfoString(result, value->val.boolean ? "true" : "false");
			break;
		case jbvBinary:
			(void) JsonbToCString(result, value->val.binary.data, value->val.binary.len);
			break;
		default:
			elog(ERROR, "unexpected jsonb value type: %d", (int) value->type);
	}
}

/*
 * The next brace that opens, or that is there twice.
 */
static const char *
find_brace(const char *next, const char *end)
{
	for (; next < end; next++)
	{
		if (*next == '{' || (*next == '}' && next + 1 < end && next[1] == '}'))
			return next;
	}
	return NULL;
}

/*
 * fill_in(template text, names jsonb): the template with each name in braces
 * replaced by its value.  Two braces stand for one; one that is not closed is
 * left out.
 */
Datum
azhunt_fill_in(PG_FUNCTION_ARGS)
{
	text	   *template = PG_GETARG_TEXT_PP(0);
	Jsonb	   *names = PG_GETARG_JSONB_P(1);
	const char *next = VARDATA_ANY(template);
	const char *end = next + VARSIZE_ANY_EXHDR(template);
	StringInfoData result;

	initStringInfo(&result);
	while (next < end)
	{
		const char *brace = find_brace(next, end);
		const char *closing = brace == NULL ? NULL : memchr(brace, '}', end - brace);
		JsonbValue	value;

		CHECK_FOR_INTERRUPTS();
		appendBinaryStringInfo(&result, next, (brace == NULL ? end : brace) - next);
		if (brace == NULL)
			break;
		if (brace + 1 < end && brace[1] == brace[0])
		{
			appendStringInfoChar(&result, brace[0]);
			next = brace + 2;
			continue;
		}
		next = (closing == NULL ? brace : closing) + 1;
		if (closing != NULL && JB_ROOT_IS_OBJECT(names) &&
			getKeyJsonValueFromContainer(&names->root, brace + 1, closing - brace - 1, &value))
			append_value(&result, &value);
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(result.data, result.len));
}

/*
 * members(bag jsonb, names text[]): the members of a bag that have these names.
 */
Datum
azhunt_members(PG_FUNCTION_ARGS)
{
	Jsonb	   *bag = PG_GETARG_JSONB_P(0);
	JsonbInState state = {0};
	Datum	   *names;
	bool	   *nulls;
	int			count;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &count);
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < count; i++)
	{
		JsonbValue	name;
		JsonbValue	value;

		CHECK_FOR_INTERRUPTS();
		if (nulls[i] || !JB_ROOT_IS_OBJECT(bag))
			continue;
		name.type = jbvString;
		name.val.string.val = VARDATA_ANY(DatumGetPointer(names[i]));
		name.val.string.len = VARSIZE_ANY_EXHDR(DatumGetPointer(names[i]));
		if (getKeyJsonValueFromContainer(&bag->root, name.val.string.val, name.val.string.len, &value) == NULL)
			continue;
		pushJsonbValue(&state, WJB_KEY, &name);
		pushJsonbValue(&state, WJB_VALUE, &value);
	}
	pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(state.result));
}

/*
 * Transition function of latest_details.
 */
Datum
azhunt_latest_details_transition(PG_FUNCTION_ARGS)
{
	LatestMatch *state = PG_ARGISNULL(0) ? NULL : (LatestMatch *) PG_GETARG_POINTER(0);
	MemoryContext context;
	TimestampTz time;
	Jsonb	   *details;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate support function called in non-aggregate context");
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}

	time = PG_GETARG_TIMESTAMPTZ(1);
	if (state != NULL && time < state->time)
		PG_RETURN_POINTER(state);
	details = PG_GETARG_JSONB_P(2);
	if (state != NULL && time == state->time &&
		compareJsonbContainers(&details->root, &state->details->root) <= 0)
		PG_RETURN_POINTER(state);

	if (state == NULL)
		state = MemoryContextAllocZero(context, sizeof(LatestMatch));
	if (state->allocated < VARSIZE(details))
	{
		if (state->details != NULL)
			pfree(state->details);
		state->details = MemoryContextAlloc(context, VARSIZE(details));
		state->allocated = VARSIZE(details);
	}
	memcpy(state->details, details, VARSIZE(details));
	state->time = time;
	PG_RETURN_POINTER(state);
}

/*
 * Final function of latest_details.
 */
Datum
azhunt_latest_details_final(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(((LatestMatch *) PG_GETARG_POINTER(0))->details);
}
