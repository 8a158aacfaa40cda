/*-------------------------------------------------------------------------
 *
 * within.c
 *	  What the planner asks about within(event, anchor, lookback).
 *
 * Its rows and its cost, plain comparisons in its place where one side is
 * fixed, and the conditions that it sets to an index.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "azhunt.h"
#include "planner/planner.h"

PG_FUNCTION_INFO_V1(azhunt_within_support);

/*
 * Is this a call of within()?
 *
 * Compares the C function that is called, so that neither its name nor its
 * schema matters.
 */
bool
is_within_call(Node *node)
{
	FuncExpr   *call = (FuncExpr *) node;
	FmgrInfo	function;

	if (!IsA(node, FuncExpr) || list_length(call->args) != 3 ||
		call->funcresulttype != BOOLOID || call->funcretset ||
		exprType(linitial(call->args)) != TIMESTAMPTZOID ||
		exprType(lsecond(call->args)) != TIMESTAMPTZOID ||
		exprType(lthird(call->args)) != INTERVALOID)
		return false;

	/* not before it is known to be worth a look at the catalog */
	fmgr_info(call->funcid, &function);
	return function.fn_addr == azhunt_within;
}

/*
 * Does the expression keep its value all through a scan, and is it cheap
 * enough to be in two places?
 */
static bool
is_fixed_time(Node *expression)
{
	return !contain_var_clause(expression) &&
		!contain_subplans(expression) &&
		!contain_agg_clause(expression) &&
		!contain_window_function(expression) &&
		!contain_volatile_functions(expression);
}

/*
 * Raise the error of a lookback that is constant, and have it looked at later
 * where it is not.
 *
 * This is done for every call that is planned, be there rows or not.
 */
static void
check_planned_lookback(FuncExpr *call)
{
	Const	   *lookback = llast(call->args);

	lookback_remember_function(call->funcid);
	if (IsA(lookback, Const) && !lookback->constisnull)
		(void) lookback_microseconds(DatumGetIntervalP(lookback->constvalue));
}

/*
 * Replace within() by comparisons with fixed times, which prune partitions
 * while the query is planned.
 *
 * A lookback that is not known yet might be null, which comparisons treat
 * differently where within() is not all of a WHERE clause.
 */
static Node *
simplify_within(FuncExpr *call)
{
	Node	   *event = linitial(call->args);
	Node	   *anchor = lsecond(call->args);
	Const	   *lookback = lthird(call->args);
	bool		event_fixed = is_fixed_time(event);
	bool		anchor_fixed = is_fixed_time(anchor);
	Node	   *other = event_fixed ? anchor : event;
	List	   *comparisons;

	if (!IsA(lookback, Const) || lookback->constisnull ||
		event_fixed == anchor_fixed ||
		contain_volatile_functions(other) || contain_subplans(other))
		return NULL;

	comparisons = within_comparisons(call, anchor_fixed);
	return comparisons == NIL ? NULL :
		(Node *) makeBoolExpr(AND_EXPR, comparisons, -1);
}

/*
 * within_support(internal): answers the planner's requests about within(), and
 * those about window_start() and window_end() that are to simplify a call.
 */
Datum
azhunt_within_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestSimplify))
	{
		FuncExpr   *call = ((SupportRequestSimplify *) request)->fcall;

		check_planned_lookback(call);
		PG_RETURN_POINTER(list_length(call->args) == 3 ? simplify_within(call) : NULL);
	}

	if (IsA(request, SupportRequestIndexCondition))
	{
		SupportRequestIndexCondition *condition;

		condition = (SupportRequestIndexCondition *) request;
		condition->lossy = false;
		PG_RETURN_POINTER(within_index_conditions(condition));
	}

	if (IsA(request, SupportRequestSelectivity))
	{
		SupportRequestSelectivity *selectivity;

		selectivity = (SupportRequestSelectivity *) request;
		selectivity->selectivity = within_selectivity(selectivity);
		PG_RETURN_POINTER(request);
	}

	if (IsA(request, SupportRequestCost) &&
		get_func_rettype(((SupportRequestCost *) request)->funcid) == BOOLOID)
	{
		SupportRequestCost *cost = (SupportRequestCost *) request;

		/* as much as the two comparisons that it stands for */
		cost->startup = 0;
		cost->per_tuple = 2 * cpu_operator_cost;
		PG_RETURN_POINTER(request);
	}

	PG_RETURN_POINTER(NULL);
}
