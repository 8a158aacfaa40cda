/*-------------------------------------------------------------------------
 *
 * linked_signins.c
 *	  The aggregate linked_signins, which makes what the hunt for uploads shows
 *	  of a group, in one pass over its pairs of an upload and a sign-in.
 *
 * A pair has neither a bag nor a place in a sort of all pairs: a group keeps
 * each upload and each sign-in once, as bytes whose order is that of the answer,
 * and bags are made at its end.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"

#include "kql/aggregate.h"
#include "kql/element_store.h"

#include "signin_bags.h"

/*
 * The first byte of an element.  Sign-ins are the last in order, and of them
 * the latest.
 */
typedef enum ElementTag
{
	TAG_UPLOAD = 1,				/* time, address, correlation id */
	TAG_DROPPED_ACCOUNT = 2,	/* of a sign-in past the limit */
	TAG_SIGNIN = 3,				/* time, account, user agent, address */
} ElementTag;

/* The time that follows the tag */
#define TIME_OFFSET		1
#define TEXTS_OFFSET	(TIME_OFFSET + sizeof(uint64))

PG_FUNCTION_INFO_V1(azhunt_linked_signins_transition);
PG_FUNCTION_INFO_V1(azhunt_linked_signins_combine);
PG_FUNCTION_INFO_V1(azhunt_linked_signins_final);

/*
 * Start the state of a group.
 */
static ElementStore *
create_state(FunctionCallInfo fcinfo)
{
	ElementStore *state = element_store_create(DYNAMIC_STRING, KQL_MAX_SIZE,
											   aggregate_context(fcinfo), NULL);

	state->distinct = true;
	return state;
}

/*
 * Refuse null, which the hunt has nowhere.
 */
static void
check_arguments(FunctionCallInfo fcinfo)
{
	for (int i = 1; i < PG_NARGS(); i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument %d of linked_signins must not be null", i)));
	}
}

/*
 * The buffer in which elements are put together.
 */
static StringInfo
element_buffer(FunctionCallInfo fcinfo)
{
	FmgrInfo   *flinfo = fcinfo->flinfo;

	if (flinfo->fn_extra == NULL)
	{
		MemoryContext old_context = MemoryContextSwitchTo(flinfo->fn_mcxt);

		flinfo->fn_extra = makeStringInfo();
		MemoryContextSwitchTo(old_context);
	}
	return flinfo->fn_extra;
}

/*
 * Begin an element with its tag and time.  The sign bit is turned over, so that
 * the order of bytes is that of times.
 */
static void
begin_element(StringInfo element, ElementTag tag, TimestampTz time)
{
	uint64		sorted = pg_hton64((uint64) time ^ PG_INT64_MIN);

	resetStringInfo(element);
	appendStringInfoChar(element, tag);
	appendBinaryStringInfo(element, (const char *) &sorted, sizeof(sorted));
}

/*
 * Add a text to an element.  What ends it is less than all that is in texts.
 */
static void
append_text(StringInfo element, FunctionCallInfo fcinfo, int argument)
{
	text	   *string = PG_GETARG_TEXT_PP(argument);

	appendBinaryStringInfo(element, VARDATA_ANY(string), VARSIZE_ANY_EXHDR(string));
	appendStringInfoCharMacro(element, '\0');
}

/*
 * Take the next text out of an element.
 */
static SigninText
next_text(const char **position)
{
	SigninText	string;

	string.data = *position;
	string.length = strlen(*position);
	*position += string.length + 1;
	return string;
}

/*
 * Take a sign-in out of its element.
 */
static Signin
decode_signin(const char *element)
{
	const char *position = element + TEXTS_OFFSET;
	uint64		sorted;
	Signin		signin;

	Assert(*element == TAG_SIGNIN);
	memcpy(&sorted, element + TIME_OFFSET, sizeof(sorted));
	signin.time = (TimestampTz) (pg_ntoh64(sorted) ^ PG_INT64_MIN);
	signin.account = next_text(&position);
	signin.useragent = next_text(&position);
	signin.address = next_text(&position);
	return signin;
}

/*
 * Keep no more sign-ins than the result may have, the latest, and the accounts
 * of all others.
 */
static ElementStore *
prune(ElementStore *state)
{
	ElementStore *pruned = element_store_create(DYNAMIC_STRING, state->limit,
												GetMemoryChunkContext(state), NULL);
	int		   *order = element_store_order(state);
	int			signins = 0;

	pruned->distinct = true;
	for (int i = 0; i < state->count; i++)
	{
		const char *data = element_data(state, order[i]);
		int			length = element_length(state, order[i]);
		StringInfoData account;
		SigninText	string;
		bool		found;

		CHECK_FOR_INTERRUPTS();
		if (*data != TAG_SIGNIN || ++signins <= state->limit || i == state->count - 1)
		{
			(void) element_store_add(&pruned, data, length, &found);
			continue;
		}
		string = decode_signin(data).account;
		initStringInfo(&account);
		appendStringInfoChar(&account, TAG_DROPPED_ACCOUNT);
		appendBinaryStringInfo(&account, string.data, string.length);
		(void) element_store_add(&pruned, account.data, account.len, &found);
		pfree(account.data);
	}
	pfree(order);
	element_store_free(state);
	return pruned;
}

/*
 * Take in one element, and return the state, which may have moved.
 *
 * Sign-ins past the limit go when there is no room for them, or when the number
 * of elements has doubled, so that the cost for each is small.
 */
static ElementStore *
collect(ElementStore *state, const char *data, int length)
{
	bool		found;

	if (element_store_is_full(state, length))
		state = prune(state);
	(void) element_store_add(&state, data, length, &found);
	if (!found && state->count >= 2 * state->limit &&
		(state->count & (state->count - 1)) == 0)
		state = prune(state);
	return state;
}

/*
 * Transition function: take in a pair of an upload, of which there are time and
 * correlation id, and a sign-in with time, account, user agent, and the address
 * of both.
 */
Datum
azhunt_linked_signins_transition(PG_FUNCTION_ARGS)
{
	StringInfo	element = element_buffer(fcinfo);
	ElementStore *state;

	check_arguments(fcinfo);
	if (PG_ARGISNULL(0))
		state = create_state(fcinfo);
	else
		state = (ElementStore *) PG_GETARG_POINTER(0);

	begin_element(element, TAG_UPLOAD, PG_GETARG_TIMESTAMPTZ(1));
	append_text(element, fcinfo, 6);
	append_text(element, fcinfo, 2);
	state = collect(state, element->data, element->len);

	begin_element(element, TAG_SIGNIN, PG_GETARG_TIMESTAMPTZ(3));
	append_text(element, fcinfo, 4);
	append_text(element, fcinfo, 5);
	append_text(element, fcinfo, 6);
	PG_RETURN_POINTER(collect(state, element->data, element->len));
}

/*
 * Combine function: take in all elements of the second state.
 */
Datum
azhunt_linked_signins_combine(PG_FUNCTION_ARGS)
{
	ElementStore *state;
	ElementStore *other;

	if (PG_ARGISNULL(1))
		return aggregate_first_state(fcinfo);

	other = (ElementStore *) PG_GETARG_POINTER(1);
	if (PG_ARGISNULL(0))
		state = create_state(fcinfo);
	else
		state = (ElementStore *) PG_GETARG_POINTER(0);

	for (int i = 0; i < other->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		state = collect(state, element_data(other, i), element_length(other, i));
	}
	PG_RETURN_POINTER(state);
}

/*
 * The type of the result, looked up once a query.
 */
static TupleDesc
result_descriptor(FunctionCallInfo fcinfo)
{
	FmgrInfo   *flinfo = fcinfo->flinfo;

	if (flinfo->fn_extra == NULL)
	{
		MemoryContext old_context = MemoryContextSwitchTo(flinfo->fn_mcxt);
		TupleDesc	descriptor;

		if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		flinfo->fn_extra = BlessTupleDesc(CreateTupleDescCopy(descriptor));
		MemoryContextSwitchTo(old_context);
	}
	return flinfo->fn_extra;
}

/*
 * How many elements with this tag there are, which begin at this place of the
 * order.
 */
static int
count_elements(const ElementStore *state, const int *order, int start,
			   ElementTag tag)
{
	int			count = 0;

	while (start + count < state->count &&
		   (ElementTag) *element_data(state, order[start + count]) == tag)
		count++;
	return count;
}

/*
 * Final function: the sign-ins as an array, the latest of them, the accounts,
 * and how many uploads there were.
 *
 * Leaves the state as it is, so the aggregate works as a window function.
 */
Datum
azhunt_linked_signins_final(PG_FUNCTION_ARGS)
{
	TupleDesc	descriptor = result_descriptor(fcinfo);
	ElementStore *state;
	ElementStore *accounts;
	SigninBags	bags;
	Signin		signin = {0};
	int		   *order;
	int			uploads;
	int			dropped;
	int			signins;
	bool		found;
	Datum		values[4];
	bool		nulls[4] = {false};

	(void) aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();

	state = (ElementStore *) PG_GETARG_POINTER(0);
	order = element_store_order(state);
	accounts = element_store_create(DYNAMIC_STRING, PG_INT32_MAX,
									CurrentMemoryContext, NULL);
	uploads = count_elements(state, order, 0, TAG_UPLOAD);
	dropped = count_elements(state, order, uploads, TAG_DROPPED_ACCOUNT);
	for (int i = uploads; i < uploads + dropped; i++)
		element_store_add(&accounts, element_data(state, order[i]) + 1,
						  element_length(state, order[i]) - 1, &found);

	signins = state->count - uploads - dropped;
	signin_bags_begin(&bags, Min(signins, state->limit));
	for (int i = 0; i < signins; i++)
	{
		CHECK_FOR_INTERRUPTS();
		signin = decode_signin(element_data(state, order[uploads + dropped + i]));
		element_store_add(&accounts, signin.account.data, signin.account.length, &found);
		if (i < state->limit)
			signin_bags_add(&bags, &signin);
	}

	values[0] = JsonbPGetDatum(signin_bag(&signin));
	values[1] = PointerGetDatum(element_store_texts(accounts));
	values[2] = JsonbPGetDatum(signin_bags_end(&bags));
	values[3] = Int64GetDatum(uploads);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls)));
}
