/*-------------------------------------------------------------------------
 *
 * within.c
 *	  What the planner asks about within(event, anchor, lookback).
 *
 * anchor - lookback <= event <= anchor is two comparisons, either of the
 * event with the bounds of the anchor's window, or of the anchor with the
 * event and the end of the event's own window.  Both forms are exact, also at
 * infinity and for null, so that none of them needs within() as a recheck.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

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
 * Find the function with the arguments (timestamptz, interval) next to
 * within(), InvalidOid if there is none.
 */
static Oid
find_window_function(Oid within, const char *name)
{
	Oid			argument_types[] = {TIMESTAMPTZOID, INTERVALOID};

	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
						   CStringGetDatum(name),
						   PointerGetDatum(buildoidvector(argument_types, 2)),
						   ObjectIdGetDatum(get_func_namespace(within)));
}

/*
 * A bound of a window as an expression: window_start() or window_end() of a
 * time, computed now if the arguments are known.  NULL if there is no such
 * function.
 */
static Expr *
make_window_bound(Oid within, const char *name, Node *time, Node *lookback)
{
	Oid			function = find_window_function(within, name);
	List	   *arguments = list_make2(copyObject(time), copyObject(lookback));
	Expr	   *bound;

	if (!OidIsValid(function))
		return NULL;
	lookback_remember_function(function);

	bound = (Expr *) makeFuncExpr(function, TIMESTAMPTZOID, arguments,
								  InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
	if (IsA(time, Const) && IsA(lookback, Const))
		bound = (Expr *) eval_const_expressions(NULL, (Node *) bound);
	return bound;
}

/*
 * The btree operator that compares two timestamps with time zone.
 */
static Oid
time_operator(StrategyNumber strategy)
{
	TypeCacheEntry *type = lookup_type_cache(TIMESTAMPTZOID,
											 TYPECACHE_BTREE_OPFAMILY);

	return get_opfamily_member(type->btree_opf, TIMESTAMPTZOID,
							   TIMESTAMPTZOID, strategy);
}

/*
 * Compare a time with another.
 */
static Expr *
make_time_comparison(StrategyNumber strategy, Node *left, Node *right)
{
	Expr	   *comparison;

	comparison = make_opclause(time_operator(strategy), BOOLOID, false,
							   copyObject((Expr *) left),
							   copyObject((Expr *) right),
							   InvalidOid, InvalidOid);
	set_opfuncid((OpExpr *) comparison);
	return comparison;
}

/*
 * within() as a list of two comparisons of one of its arguments, the event
 * or the anchor, with bounds made from the others.  NIL if that can't be had.
 */
static List *
make_window_comparisons(FuncExpr *call, bool of_event)
{
	Node	   *event = linitial(call->args);
	Node	   *anchor = lsecond(call->args);
	Node	   *lookback = lthird(call->args);
	Expr	   *bound;

	if (of_event)
	{
		bound = make_window_bound(call->funcid, "window_start", anchor,
								  lookback);
		if (bound == NULL)
			return NIL;
		return list_make2(make_time_comparison(BTGreaterEqualStrategyNumber,
											   event, (Node *) bound),
						  make_time_comparison(BTLessEqualStrategyNumber,
											   event, anchor));
	}

	bound = make_window_bound(call->funcid, "window_end", event, lookback);
	if (bound == NULL)
		return NIL;
	return list_make2(make_time_comparison(BTGreaterEqualStrategyNumber,
										   anchor, event),
					  make_time_comparison(BTLessEqualStrategyNumber,
										   anchor, (Node *) bound));
}

/*
 * Does a call of within() say the same as a condition, and more?
 *
 * The hunts have both, as only comparisons prune partitions while a query
 * runs.
 */
bool
within_implies(FuncExpr *call, Node *condition)
{
	return list_member(make_window_comparisons(call, true), condition) ||
		list_member(make_window_comparisons(call, false), condition);
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

	comparisons = make_window_comparisons(call, anchor_fixed);
	return comparisons == NIL ? NULL :
		(Node *) makeBoolExpr(AND_EXPR, comparisons, -1);
}

/*
 * Find the conditions on an index on the event or the anchor.
 */
static List *
index_conditions(SupportRequestIndexCondition *request)
{
	FuncExpr   *call = (FuncExpr *) request->node;
	bool		of_event = request->indexarg == 0;
	Node	   *other;

	if (!IsA(call, FuncExpr) || list_length(call->args) != 3 ||
		request->indexarg > 1)
		return NIL;

	other = of_event ? lsecond(call->args) : linitial(call->args);
	if (!is_pseudo_constant_for_index(request->root, other, request->index) ||
		!is_pseudo_constant_for_index(request->root, lthird(call->args),
									  request->index))
		return NIL;

	/* an index of another kind need not have both operators */
	if (!op_in_opfamily(time_operator(BTGreaterEqualStrategyNumber),
						request->opfamily) ||
		!op_in_opfamily(time_operator(BTLessEqualStrategyNumber),
						request->opfamily))
		return NIL;

	return make_window_comparisons(call, of_event);
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
		PG_RETURN_POINTER(index_conditions(condition));
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
