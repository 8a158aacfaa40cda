/*-------------------------------------------------------------------------
 *
 * aggregate.c
 *	  What the aggregates make_set, make_list and make_bag share.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "nodes/execnodes.h"
#include "nodes/primnodes.h"

#include "aggregate.h"
#include "azhunt.h"
#include "element_store.h"

/* What an aggregate in a query keeps from row to row */
typedef struct AggregateCall
{
	DynamicType type;			/* of its argument, if that was looked up */
	ValuePool  *pool;			/* that its groups share, if any */
} AggregateCall;

/*
 * The memory context that lives as long as the group.
 */
MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate support function called in non-aggregate context");
	return context;
}

/*
 * What the aggregate keeps from row to row.
 */
static AggregateCall *
aggregate_call(FunctionCallInfo fcinfo)
{
	FmgrInfo   *flinfo = fcinfo->flinfo;

	if (flinfo->fn_extra == NULL)
		flinfo->fn_extra = MemoryContextAllocZero(flinfo->fn_mcxt,
												  sizeof(AggregateCall));
	return flinfo->fn_extra;
}

/*
 * The type of an argument, looked up once a query.
 */
DynamicType *
aggregate_argument_type(FunctionCallInfo fcinfo, int argument)
{
	AggregateCall *call = aggregate_call(fcinfo);

	if (!OidIsValid(call->type.type))
	{
		Oid			type = get_fn_expr_argtype(fcinfo->flinfo, argument);

		if (!OidIsValid(type))
			elog(ERROR, "could not determine input data type");
		dynamic_type_init(&call->type, type, fcinfo->flinfo->fn_mcxt);
	}
	return &call->type;
}

/*
 * The pool that all groups of a hash table share.
 *
 * NULL where groups come one after the other, because one group alone has
 * each value once anyway.
 */
ValuePool *
aggregate_pool(FunctionCallInfo fcinfo)
{
	AggState   *aggstate = (AggState *) fcinfo->context;
	AggregateCall *call;

	if (!IsA(aggstate, AggState) ||
		aggstate->curaggcontext != aggstate->hashcontext)
		return NULL;

	call = aggregate_call(fcinfo);
	if (call->pool == NULL)
		value_pool_create(&call->pool, aggregate_context(fcinfo));
	return call->pool;
}

/*
 * Does the call have an ORDER BY inside its parentheses?
 *
 * Such a call is never aggregated in part, so its rows come in that order;
 * rows of all other calls come in whatever order the plan gives them.
 */
bool
aggregate_is_ordered(FunctionCallInfo fcinfo)
{
	Aggref	   *aggref = AggGetAggref(fcinfo);

	return aggref != NULL && aggref->aggorder != NIL;
}

/*
 * The limit that the call has as its optional last argument.
 */
int
aggregate_limit(FunctionCallInfo fcinfo, int argument)
{
	int			limit;

	if (PG_NARGS() <= argument)
		return KQL_MAX_SIZE;

	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("limit must not be null"),
				 errhint("Leave the argument out for the limit of KQL, %d.",
						 KQL_MAX_SIZE)));

	limit = PG_GETARG_INT32(argument);
	if (limit < 1 || limit > KQL_MAX_SIZE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("limit must be between 1 and %d, not %d",
						KQL_MAX_SIZE, limit),
				 errhint("Leave the argument out for the limit of KQL, %d.",
						 KQL_MAX_SIZE)));
	return limit;
}

/*
 * Refuse a limit that differs between rows of a group.
 */
void
aggregate_check_limit(int before, int now)
{
	if (before != now)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("limit must be the same for all rows of a group"),
				 errdetail("It was %d, then %d.", before, now),
				 errhint("Use a constant, or group by what the limit depends on.")));
}

/*
 * What a combine function returns where the second state is null: the first,
 * which may be null as well.
 */
Datum
aggregate_first_state(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/*
 * Start reading the bytea that a deserialization function gets: it begins with
 * a store of elements.
 */
ElementStore *
aggregate_open_message(FunctionCallInfo fcinfo, StringInfo message)
{
	bytea	   *serialized = PG_GETARG_BYTEA_PP(0);

	(void) aggregate_context(fcinfo);
	initStringInfo(message);
	appendBinaryStringInfo(message, VARDATA_ANY(serialized),
						   VARSIZE_ANY_EXHDR(serialized));
	return element_store_receive(message);
}

/*
 * All of the bytea has been read.
 */
void
aggregate_close_message(StringInfo message)
{
	pq_getmsgend(message);
	pfree(message->data);
}
