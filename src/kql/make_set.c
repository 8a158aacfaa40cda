/*-------------------------------------------------------------------------
 *
 * make_set.c
 *	  The aggregates make_set and make_list.
 *
 * KQL leaves the order of a set and the choice of elements past a limit
 * undefined.  Here the plan must never change the answer, so:
 *
 *	- with ORDER BY inside the call, elements stand in the order in which they
 *	  first came, and a limit keeps the first ones;
 *	- without, a set is sorted, and a limit keeps its smallest elements.
 *
 * Numbers in a set have no zeros at their end, so that equal elements are the
 * same, whichever comes first.
 *
 * A list stands in the order in which its rows came, as array_agg's does.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "aggregate.h"
#include "element_store.h"

PG_FUNCTION_INFO_V1(azhunt_make_set_transition);
PG_FUNCTION_INFO_V1(azhunt_make_list_transition);
PG_FUNCTION_INFO_V1(azhunt_collection_combine);
PG_FUNCTION_INFO_V1(azhunt_collection_serialize);
PG_FUNCTION_INFO_V1(azhunt_collection_deserialize);
PG_FUNCTION_INFO_V1(azhunt_collection_final);
PG_FUNCTION_INFO_V1(azhunt_texts_final);

/*
 * What must be true of a state between calls.
 */
static inline void
assert_collection(const ElementStore *state PG_USED_FOR_ASSERTS_ONLY)
{
	Assert(state->limit >= 1 && state->limit <= KQL_MAX_SIZE);
	Assert(state->count < 2 * state->limit);
	Assert(state->bytes_used < state->size);
	Assert(state->distinct || state->ordered);
	Assert(!state->pruned || state->count >= state->limit);
}

/*
 * Start the state of a group.
 */
static ElementStore *
create_collection(FunctionCallInfo fcinfo, DynamicKind kind, int limit,
				  bool distinct, bool ordered)
{
	MemoryContext context = aggregate_context(fcinfo);
	ValuePool  *pool = distinct ? aggregate_pool(fcinfo) : NULL;
	ElementStore *state = element_store_create(kind, limit, context, pool);

	state->distinct = distinct;
	state->ordered = ordered;
	return state;
}

/*
 * Keep the smallest elements, as many as the limit says.
 *
 * Called when twice as many have come, so that the cost for each is small, or
 * when the store is full.
 */
static void
prune(ElementStore **state)
{
	int		   *order = element_store_order(*state);

	element_store_prune(state, order);
	pfree(order);
}

/*
 * Take in one element, and return the state, which may have moved.
 */
static ElementStore *
collect(ElementStore *state, const char *data, int length)
{
	bool		found;

	if (state->ordered && state->count >= state->limit)
		return state;

	if (!state->distinct)
	{
		element_store_append(&state, data, length);
		return state;
	}

	if (!state->ordered && element_store_is_full(state, length))
		prune(&state);
	if (element_store_is_past_limit(state, data, length))
		return state;
	element_store_add(&state, data, length, &found);
	if (!state->ordered && state->count >= 2 * state->limit)
		prune(&state);
	assert_collection(state);
	return state;
}

/*
 * Transition of both aggregates: take in the argument unless it is null.
 */
static Datum
transition(FunctionCallInfo fcinfo, bool distinct)
{
	DynamicType *type = aggregate_argument_type(fcinfo, 1);
	int			limit = aggregate_limit(fcinfo, 2);
	ElementStore *state;
	DynamicValue encoded;

	if (PG_ARGISNULL(0))
		state = create_collection(fcinfo, type->kind, limit, distinct,
								  !distinct || aggregate_is_ordered(fcinfo));
	else
		state = (ElementStore *) PG_GETARG_POINTER(0);

	aggregate_check_limit(state->limit, limit);

	if (!PG_ARGISNULL(1) && dynamic_encode(type, PG_GETARG_DATUM(1), &encoded))
	{
		/* which of equal elements came first is the plan's choice */
		if (distinct)
			dynamic_canonicalize(type->kind, &encoded);
		state = collect(state, encoded.data, encoded.length);
	}

	PG_RETURN_POINTER(state);
}

/*
 * Transition function of make_set.
 */
Datum
azhunt_make_set_transition(PG_FUNCTION_ARGS)
{
	return transition(fcinfo, true);
}

/*
 * Transition function of make_list.
 */
Datum
azhunt_make_list_transition(PG_FUNCTION_ARGS)
{
	return transition(fcinfo, false);
}

/*
 * Combine function of both: take in all elements of the second state.
 */
Datum
azhunt_collection_combine(PG_FUNCTION_ARGS)
{
	ElementStore *state;
	ElementStore *other;

	if (PG_ARGISNULL(1))
		return aggregate_first_state(fcinfo);

	other = (ElementStore *) PG_GETARG_POINTER(1);
	if (PG_ARGISNULL(0))
		state = create_collection(fcinfo, other->kind, other->limit,
								  other->distinct, other->ordered);
	else
		state = (ElementStore *) PG_GETARG_POINTER(0);

	aggregate_check_limit(state->limit, other->limit);

	for (int i = 0; i < other->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		state = collect(state, element_data(other, i),
						element_length(other, i));
	}
	PG_RETURN_POINTER(state);
}

/*
 * Serialization function of both.
 */
Datum
azhunt_collection_serialize(PG_FUNCTION_ARGS)
{
	StringInfoData message;

	(void) aggregate_context(fcinfo);
	pq_begintypsend(&message);
	element_store_send((ElementStore *) PG_GETARG_POINTER(0), &message);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/*
 * Deserialization function of both.
 */
Datum
azhunt_collection_deserialize(PG_FUNCTION_ARGS)
{
	StringInfoData message;
	ElementStore *state = aggregate_open_message(fcinfo, &message);

	aggregate_close_message(&message);
	PG_RETURN_POINTER(state);
}

/*
 * Final function of both: a jsonb array, empty where there was nothing.
 *
 * Leaves the state as it is, so the aggregates work as window functions.
 */
Datum
azhunt_collection_final(PG_FUNCTION_ARGS)
{
	ElementStore *state = PG_ARGISNULL(0) ? NULL :
	(ElementStore *) PG_GETARG_POINTER(0);
	JsonbInState array = {0};
	int		   *order = NULL;
	int			count = 0;

	(void) aggregate_context(fcinfo);
	if (state != NULL)
	{
		count = Min(state->count, state->limit);
		if (!state->ordered)
			order = element_store_order(state);
	}

	pushJsonbValue(&array, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < count; i++)
	{
		int			index = order != NULL ? order[i] : i;
		JsonbValue	element;

		CHECK_FOR_INTERRUPTS();
		dynamic_to_jsonb_value(state->kind, element_data(state, index),
							   element_length(state, index), &element);
		pushJsonbValue(&array, WJB_ELEM, &element);
	}
	pushJsonbValue(&array, WJB_END_ARRAY, NULL);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(array.result));
}

/*
 * Final function of array_of_texts: the same as an array of texts, null where
 * there was nothing.
 */
Datum
azhunt_texts_final(PG_FUNCTION_ARGS)
{
	ElementStore *state = PG_ARGISNULL(0) ? NULL :
	(ElementStore *) PG_GETARG_POINTER(0);

	(void) aggregate_context(fcinfo);
	if (state == NULL || state->count == 0)
		PG_RETURN_NULL();
	PG_RETURN_ARRAYTYPE_P(element_store_texts(state));
}
