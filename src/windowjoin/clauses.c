/*-------------------------------------------------------------------------
 *
 * clauses.c
 *	  What the windowed join does with the clauses of a join.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/restrictinfo.h"
#include "utils/lsyscache.h"

#include "planner/planner.h"
#include "windowjoin/clauses.h"

/*
 * Can the expression be computed from the rows of just this side, once for each
 * of them?
 */
static bool
computable_on_side(PlannerInfo *root, Node *expression, Relids side)
{
	Relids		relids = pull_varnos(root, expression);

	return !bms_is_empty(relids) && bms_is_subset(relids, side) &&
		!contain_volatile_functions(expression) &&
		!contain_subplans(expression);
}

/*
 * Use a clause as the window, if it is one.
 */
static bool
match_window_clause(PlannerInfo *root, RestrictInfo *info, Relids outer,
					Relids inner, WindowJoinClauses *clauses)
{
	FuncExpr   *window = (FuncExpr *) info->clause;
	Node	   *event;
	Node	   *anchor;
	Node	   *lookback;

	if (clauses->window != NULL || !is_within_call((Node *) window))
		return false;

	event = linitial(window->args);
	anchor = lsecond(window->args);
	lookback = lthird(window->args);
	if (bms_overlap(pull_varnos(root, lookback), outer) ||
		bms_overlap(pull_varnos(root, lookback), inner) ||
		contain_volatile_functions(lookback) || contain_subplans(lookback))
		return false;

	if (computable_on_side(root, event, inner) &&
		computable_on_side(root, anchor, outer))
		clauses->inner_is_event = true;
	else if (computable_on_side(root, event, outer) &&
			 computable_on_side(root, anchor, inner))
		clauses->inner_is_event = false;
	else
		return false;

	clauses->window = window;
	return true;
}

/*
 * Use a clause as part of the key, if it is an equality that can be hashed.
 */
static bool
match_key_clause(PlannerInfo *root, RestrictInfo *info, Relids outer,
				 Relids inner, WindowJoinClauses *clauses)
{
	OpExpr	   *equality = (OpExpr *) info->clause;
	Oid			outer_hash;
	Oid			inner_hash;

	if (!info->can_join || !OidIsValid(info->hashjoinoperator) ||
		!IsA(equality, OpExpr) || !op_strict(equality->opno))
		return false;

	if (computable_on_side(root, linitial(equality->args), outer) &&
		computable_on_side(root, lsecond(equality->args), inner))
		equality = copyObject(equality);
	else if (computable_on_side(root, linitial(equality->args), inner) &&
			 computable_on_side(root, lsecond(equality->args), outer) &&
			 OidIsValid(get_commutator(equality->opno)))
	{
		equality = copyObject(equality);
		CommuteOpExpr(equality);
	}
	else
		return false;

	if (!get_op_hash_functions(equality->opno, &outer_hash, &inner_hash))
		return false;
	clauses->keys = lappend(clauses->keys, equality);
	clauses->key_infos = lappend(clauses->key_infos, info);
	return true;
}

/*
 * Say what the join can do with its clauses; false if it can't do without a
 * window.
 */
bool
window_classify_clauses(PlannerInfo *root, List *restrict_clauses,
						Relids outer, Relids inner, WindowJoinClauses *clauses)
{
	ListCell   *cell;

	memset(clauses, 0, sizeof(WindowJoinClauses));
	foreach(cell, restrict_clauses)
	{
		RestrictInfo *info = lfirst_node(RestrictInfo, cell);

		/* such a clause would belong above the join */
		if (info->pseudoconstant)
			return false;
		if (match_window_clause(root, info, outer, inner, clauses) ||
			match_key_clause(root, info, outer, inner, clauses))
			clauses->matching = lappend(clauses->matching, info);
		else
			clauses->filters = lappend(clauses->filters, info);
	}
	if (clauses->window == NULL)
		return false;

	foreach(cell, clauses->filters)
	{
		RestrictInfo *info = lfirst_node(RestrictInfo, cell);

		if (within_implies(clauses->window, (Node *) info->clause))
		{
			/* the estimate of within() counts on them */
			clauses->matching = lappend(clauses->matching, info);
			clauses->filters = foreach_delete_current(clauses->filters, cell);
		}
	}
	return true;
}

/*
 * Might this be a windowed join at all?
 */
bool
window_has_window(PlannerInfo *root, RelOptInfo *outer, RelOptInfo *inner,
				  JoinPathExtraData *extra)
{
	WindowJoinClauses clauses;
	ListCell   *cell;

	memset(&clauses, 0, sizeof(clauses));
	foreach(cell, extra->restrictlist)
	{
		if (match_window_clause(root, lfirst_node(RestrictInfo, cell),
								outer->relids, inner->relids, &clauses))
			return true;
	}
	return false;
}

/*
 * Does a filter have to be evaluated before another?
 *
 * Conditions of a lower security level decide which rows those of a higher one
 * may see; among equals the cheaper one comes first.
 */
static bool
filter_precedes(PlannerInfo *root, RestrictInfo *a, RestrictInfo *b)
{
	QualCost	cost_a;
	QualCost	cost_b;

	if (a->security_level != b->security_level)
		return a->security_level < b->security_level;
	cost_qual_eval_node(&cost_a, (Node *) a, root);
	cost_qual_eval_node(&cost_b, (Node *) b, root);
	return cost_a.per_tuple < cost_b.per_tuple;
}

/*
 * The filters in the order in which they are evaluated: that in which they
 * were written, but where one has to precede another.
 */
List *
window_order_filters(PlannerInfo *root, List *filters)
{
	List	   *ordered = NIL;
	ListCell   *cell;

	foreach(cell, filters)
	{
		RestrictInfo *filter = lfirst_node(RestrictInfo, cell);
		int			position = list_length(ordered);

		while (position > 0 &&
			   filter_precedes(root, filter, list_nth(ordered, position - 1)))
			position--;
		ordered = list_insert_nth(ordered, position, filter);
	}
	return extract_actual_clauses(ordered, false);
}
