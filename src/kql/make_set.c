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
 * A list stands in the order in which its rows came, as array_agg's does.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "miscadmin.h"

#include "aggregate.h"
#include "element_store.h"

typedef struct CollectionState
{
	ElementStore store;
	int			limit;			/* elements that the result may have */
	bool		distinct;		/* a set, not a list */
	bool		ordered;		/* keep the order of arrival */
	bool		pruned;			/* the first "limit" elements are sorted, and
								 * greater ones were dropped */
} CollectionState;

PG_FUNCTION_INFO_V1(azhunt_make_set_transition);
PG_FUNCTION_INFO_V1(azhunt_make_list_transition);
PG_FUNCTION_INFO_V1(azhunt_collection_combine);
PG_FUNCTION_INFO_V1(azhunt_collection_serialize);
PG_FUNCTION_INFO_V1(azhunt_collection_deserialize);
PG_FUNCTION_INFO_V1(azhunt_collection_final);

/*
 * What must be true of a state between calls.
 */
static inline void
assert_collection(const CollectionState *state PG_USED_FOR_ASSERTS_ONLY)
{
	Assert(state->limit >= 1 && state->limit <= KQL_MAX_SIZE);
	Assert(state->store.count < 2 * state->limit);
	Assert(state->store.count <= state->store.allocated);
	Assert(state->store.bytes_used <= state->store.bytes_allocated);
	Assert(state->distinct || state->ordered);
	Assert(!state->pruned || state->store.count >= state->limit);
}

/*
 * Start the state of a group.
 */
static CollectionState *
create_collection(MemoryContext context, DynamicKind kind, int limit,
				  bool distinct, bool ordered)
{
	CollectionState *state = MemoryContextAllocZero(context,
													sizeof(CollectionState));

	element_store_init(&state->store, kind, context);
	state->limit = limit;
	state->distinct = distinct;
	state->ordered = ordered;
	return state;
}

/*
 * Is the element past what a pruned set can still take in?
 */
static bool
is_past_limit(const CollectionState *state, const char *data, int length)
{
	const ElementStore *store = &state->store;
	int			last = state->limit - 1;

	return state->pruned &&
		dynamic_compare(store->kind, data, length,
						element_data(store, last),
						store->elements[last].length) >= 0;
}

/*
 * Keep the smallest elements, as many as the limit says.
 *
 * Called when twice as many have come, so that the cost for each is small, or
 * when the store is full.
 */
static void
prune(CollectionState *state)
{
	int		   *order = element_store_order(&state->store);

	element_store_reorder(&state->store, order, state->limit);
	state->pruned = true;
	pfree(order);
}

/*
 * Take in one element.
 */
static void
collect(CollectionState *state, const char *data, int length)
{
	ElementStore *store = &state->store;
	bool		found;

	if (state->ordered && store->count >= state->limit)
		return;

	if (!state->distinct)
	{
		element_store_append(store, data, length);
		return;
	}

	if (!state->ordered && element_store_is_full(store, state->limit, length))
		prune(state);
	if (is_past_limit(state, data, length))
		return;
	element_store_add(store, data, length, &found);
	if (!state->ordered && store->count >= 2 * state->limit)
		prune(state);
	assert_collection(state);
}

/*
 * Transition of both aggregates: take in the argument unless it is null.
 */
static Datum
transition(FunctionCallInfo fcinfo, bool distinct)
{
	MemoryContext context = aggregate_context(fcinfo);
	DynamicType *type = dynamic_argument_type(fcinfo, 1);
	int			limit = aggregate_limit(fcinfo, 2);
	CollectionState *state;
	DynamicValue encoded;

	if (PG_ARGISNULL(0))
		state = create_collection(context, type->kind, limit, distinct,
								  !distinct || aggregate_is_ordered(fcinfo));
	else
		state = (CollectionState *) PG_GETARG_POINTER(0);

	aggregate_check_limit(state->limit, limit);

	if (!PG_ARGISNULL(1) && dynamic_encode(type, PG_GETARG_DATUM(1), &encoded))
		collect(state, encoded.data, encoded.length);

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
	MemoryContext context = aggregate_context(fcinfo);
	CollectionState *state;
	CollectionState *other;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}

	other = (CollectionState *) PG_GETARG_POINTER(1);
	if (PG_ARGISNULL(0))
		state = create_collection(context, other->store.kind, other->limit,
								  other->distinct, other->ordered);
	else
		state = (CollectionState *) PG_GETARG_POINTER(0);

	aggregate_check_limit(state->limit, other->limit);

	for (int i = 0; i < other->store.count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		collect(state, element_data(&other->store, i),
				other->store.elements[i].length);
	}
	PG_RETURN_POINTER(state);
}

/*
 * Serialization function of both.
 */
Datum
azhunt_collection_serialize(PG_FUNCTION_ARGS)
{
	CollectionState *state = (CollectionState *) PG_GETARG_POINTER(0);
	StringInfoData message;

	(void) aggregate_context(fcinfo);
	pq_begintypsend(&message);
	pq_sendint32(&message, state->limit);
	pq_sendbyte(&message, state->distinct);
	pq_sendbyte(&message, state->ordered);
	element_store_send(&state->store, &message);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/*
 * Deserialization function of both.
 *
 * What arrives is only read from, so it needs to be neither sorted nor
 * searchable.
 */
Datum
azhunt_collection_deserialize(PG_FUNCTION_ARGS)
{
	CollectionState *state = palloc0(sizeof(CollectionState));
	StringInfoData message;

	aggregate_open_message(fcinfo, &message);
	state->limit = pq_getmsgint(&message, 4);
	state->distinct = pq_getmsgbyte(&message);
	state->ordered = pq_getmsgbyte(&message);
	element_store_receive(&state->store, &message, CurrentMemoryContext);
	pq_getmsgend(&message);
	pfree(message.data);
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
	CollectionState *state = PG_ARGISNULL(0) ? NULL :
	(CollectionState *) PG_GETARG_POINTER(0);
	JsonbParseState *parse_state = NULL;
	JsonbValue *array;
	int		   *order = NULL;
	int			count = 0;

	(void) aggregate_context(fcinfo);
	if (state != NULL)
	{
		count = Min(state->store.count, state->limit);
		if (!state->ordered)
			order = element_store_order(&state->store);
	}

	pushJsonbValue(&parse_state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < count; i++)
	{
		int			index = order != NULL ? order[i] : i;
		JsonbValue	element;

		CHECK_FOR_INTERRUPTS();
		dynamic_to_jsonb_value(state->store.kind,
							   element_data(&state->store, index),
							   state->store.elements[index].length, &element);
		pushJsonbValue(&parse_state, WJB_ELEM, &element);
	}
	array = pushJsonbValue(&parse_state, WJB_END_ARRAY, NULL);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(array));
}
