/*-------------------------------------------------------------------------
 *
 * within_bounds.c
 *	  within(event, anchor, lookback) as comparisons with bounds.
 *
 * anchor - lookback <= event <= anchor is two comparisons, either of the
 * event with the bounds of the anchor's window, or of the anchor with the
 * event and the end of the event's own window.  Both forms are exact, also at
 * infinity and for null, so that none of them needs within() as a recheck.
 *
 * Here is also what tells that other conditions compare a time with something.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "planner/planner.h"

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
 * The btree operator family of timestamps with time zone.
 */
Oid
time_family(void)
{
	return lookup_type_cache(TIMESTAMPTZOID, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
}

/*
 * The btree operator that compares two timestamps with time zone.
 */
static Oid
time_operator(StrategyNumber strategy)
{
	return get_opfamily_member(time_family(), TIMESTAMPTZOID, TIMESTAMPTZOID,
							   strategy);
}

/*
 * The btree strategy by which a condition compares a time with another, as if the
 * first were on the left; 0 if the condition is something else.
 */
int
time_comparison(Node *condition, Node *time, Node **other)
{
	OpExpr	   *comparison = (OpExpr *) condition;
	Oid			operator;
	Oid			left;
	Oid			right;

	if (!IsA(condition, OpExpr) || list_length(comparison->args) != 2)
		return 0;
	operator = comparison->opno;
	*other = lsecond(comparison->args);
	if (!equal(linitial(comparison->args), time))
	{
		if (!equal(*other, time))
			return 0;
		*other = linitial(comparison->args);
		operator = get_commutator(operator);
	}
	if (!OidIsValid(operator))
		return 0;
	op_input_types(operator, &left, &right);
	if (left != TIMESTAMPTZOID || right != TIMESTAMPTZOID)
		return 0;
	return get_op_opfamily_strategy(operator, time_family());
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
List *
within_comparisons(FuncExpr *call, bool of_event)
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
	/* not before it is known to be worth the while to make these */
	return IsA(condition, OpExpr) &&
		(list_member(within_comparisons(call, true), condition) ||
		 list_member(within_comparisons(call, false), condition));
}

/*
 * The conditions that within() sets to an index on the event or the anchor; NIL
 * if there are none.
 */
List *
within_index_conditions(SupportRequestIndexCondition *request)
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

	return within_comparisons(call, of_event);
}
