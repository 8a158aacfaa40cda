/*-------------------------------------------------------------------------
 *
 * time_histogram.c
 *	  How many pairs of an event and an anchor are within a lookback.
 *
 * The statistics of both columns, each as a set of ranges with equally likely
 * times, are compared as if events and anchors were independent.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "nodes/makefuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "azhunt.h"
#include "planner/planner.h"

/* As many members as have their statistics read */
#define MAX_MEMBERS		256

/* As many events, about, as are compared with the histogram of anchors */
#define EVENT_SAMPLES	400

/* Times from first to last, in microseconds, that part of all rows has */
typedef struct TimeRange
{
	double		first;
	double		last;			/* equal to first for a common value */
	double		fraction;
} TimeRange;

/* The times of a column: linear between the ends of each range */
typedef struct TimeHistogram
{
	TimeRange  *ranges;
	int			count;
	int			allocated;
	double		not_null;		/* the sum of all fractions */
} TimeHistogram;

/*
 * Add a range of times, or what bounds leave of it.
 */
static void
add_range(TimeHistogram *histogram, double first, double last, double fraction,
		  const TimeRange *bounds)
{
	double		from = Max(first, bounds->first);
	double		to = Min(last, bounds->last);
	TimeRange  *range;

	if (from > to || fraction <= 0)
		return;
	if (last > first)
		fraction *= (to - from) / (last - first);

	if (histogram->count == histogram->allocated)
	{
		histogram->allocated = Max(128, histogram->allocated * 2);
		histogram->ranges = histogram->ranges == NULL ?
			palloc(sizeof(TimeRange) * histogram->allocated) :
			repalloc(histogram->ranges, sizeof(TimeRange) * histogram->allocated);
	}
	range = &histogram->ranges[histogram->count++];
	range->first = from;
	range->last = to;
	range->fraction = fraction;
	histogram->not_null += fraction;
}

/*
 * Narrow bounds by one condition, if it compares the column with a known time.
 */
static void
apply_condition(PlannerInfo *root, Node *column, Node *condition,
				TimeRange *bounds)
{
	OpExpr	   *comparison = (OpExpr *) condition;
	TypeCacheEntry *type;
	Node	   *constant;
	double		time;

	if (!IsA(condition, OpExpr) || list_length(comparison->args) != 2 ||
		!equal(linitial(comparison->args), column) ||
		exprType(lsecond(comparison->args)) != TIMESTAMPTZOID)
		return;

	constant = estimate_expression_value(root, lsecond(comparison->args));
	if (!IsA(constant, Const) || ((Const *) constant)->constisnull)
		return;
	time = DatumGetTimestampTz(((Const *) constant)->constvalue);

	type = lookup_type_cache(TIMESTAMPTZOID, TYPECACHE_BTREE_OPFAMILY);
	switch (get_op_opfamily_strategy(comparison->opno, type->btree_opf))
	{
		case BTLessStrategyNumber:
		case BTLessEqualStrategyNumber:
			bounds->last = Min(bounds->last, time);
			break;
		case BTGreaterEqualStrategyNumber:
		case BTGreaterStrategyNumber:
			bounds->first = Max(bounds->first, time);
			break;
		default:
			break;
	}
}

/*
 * The bounds that the query's conditions set to a column: the rows that are
 * joined are only those between them.
 */
static TimeRange
column_bounds(PlannerInfo *root, VariableStatData *variable)
{
	TimeRange	bounds = {(double) PG_INT64_MIN, (double) PG_INT64_MAX, 1};
	ListCell   *cell;

	if (variable->rel != NULL)
	{
		foreach(cell, variable->rel->baserestrictinfo)
			apply_condition(root, variable->var,
							(Node *) lfirst_node(RestrictInfo, cell)->clause,
							&bounds);
	}
	return bounds;
}

/*
 * Add the times of a column with statistics; false if they may not be read.
 */
static bool
add_statistics(PlannerInfo *root, VariableStatData *variable, double weight,
			   TimeHistogram *histogram)
{
	TimeRange	bounds = column_bounds(root, variable);
	TimeHistogram column = {0};
	AttStatsSlot slot;
	double		rest;

	if (!HeapTupleIsValid(variable->statsTuple) ||
		!statistic_proc_security_check(variable, F_TIMESTAMPTZ_LE))
		return false;

	rest = 1 - ((Form_pg_statistic) GETSTRUCT(variable->statsTuple))->stanullfrac;
	if (get_attstatsslot(&slot, variable->statsTuple, STATISTIC_KIND_MCV,
						 InvalidOid,
						 ATTSTATSSLOT_VALUES | ATTSTATSSLOT_NUMBERS))
	{
		for (int i = 0; i < slot.nvalues; i++)
		{
			double		time = DatumGetTimestampTz(slot.values[i]);

			add_range(&column, time, time, slot.numbers[i], &bounds);
			rest -= slot.numbers[i];
		}
		free_attstatsslot(&slot);
	}
	if (get_attstatsslot(&slot, variable->statsTuple,
						 STATISTIC_KIND_HISTOGRAM, InvalidOid,
						 ATTSTATSSLOT_VALUES))
	{
		for (int i = 0; i + 1 < slot.nvalues; i++)
			add_range(&column, DatumGetTimestampTz(slot.values[i]),
					  DatumGetTimestampTz(slot.values[i + 1]),
					  rest / (slot.nvalues - 1), &bounds);
		free_attstatsslot(&slot);
	}

	/* what the bounds leave is all that there is, as the rows count it */
	for (int i = 0; i < column.count; i++)
	{
		TimeRange  *range = &column.ranges[i];
		TimeRange	unbounded = {(double) PG_INT64_MIN, (double) PG_INT64_MAX, 1};

		add_range(histogram, range->first, range->last,
				  weight * range->fraction / column.not_null, &unbounded);
	}
	return column.count > 0;
}

/*
 * Find the histogram of an expression's times; false if that is not known.
 */
static bool
find_time_histogram(PlannerInfo *root, Node *expression,
					TimeHistogram *histogram)
{
	Node	   *value = estimate_expression_value(root, expression);
	TimeRange	unbounded = {(double) PG_INT64_MIN, (double) PG_INT64_MAX, 1};
	ListCell   *cell;

	memset(histogram, 0, sizeof(TimeHistogram));
	if (IsA(value, Const))
	{
		double		time = DatumGetTimestampTz(((Const *) value)->constvalue);

		if (!((Const *) value)->constisnull)
			add_range(histogram, time, time, 1, &unbounded);
		return true;
	}

	foreach(cell, find_append_members(root, expression, MAX_MEMBERS))
	{
		AppendMember *member = lfirst(cell);
		VariableStatData variable;

		examine_variable(root, member->expression, 0, &variable);
		(void) add_statistics(root, &variable, member->weight, histogram);
		ReleaseVariableStats(variable);
	}
	return histogram->count > 0;
}

/*
 * The fraction of times that are from first to last.
 */
static double
fraction_between(const TimeHistogram *histogram, double first, double last)
{
	double		fraction = 0;

	for (int i = 0; i < histogram->count; i++)
	{
		const TimeRange *range = &histogram->ranges[i];
		double		from = Max(range->first, first);
		double		to = Min(range->last, last);

		if (from > to)
			continue;
		if (range->last > range->first)
			fraction += range->fraction * (to - from) / (range->last - range->first);
		else
			fraction += range->fraction;
	}
	return fraction;
}

/*
 * The fraction of pairs of an event and an anchor that are within a lookback.
 */
static double
fraction_within(const TimeHistogram *events, const TimeHistogram *anchors,
				double lookback)
{
	int			samples = Max(EVENT_SAMPLES / events->count, 1);
	double		fraction = 0;

	for (int i = 0; i < events->count; i++)
	{
		const TimeRange *range = &events->ranges[i];
		int			points = range->last > range->first ? samples : 1;

		for (int j = 0; j < points; j++)
		{
			double		event = range->first +
			(range->last - range->first) * (j + 0.5) / points;

			fraction += range->fraction / points *
				fraction_between(anchors, event, event + lookback);
		}
	}
	return fraction / (events->not_null * anchors->not_null);
}

/*
 * How many conditions on the rows of an expression does within() imply?
 */
static int
count_implied(SupportRequestSelectivity *request, Node *expression)
{
	PlannerInfo *root = request->root;
	FuncExpr   *call;
	RelOptInfo *rel;
	int			relid;
	int			count = 0;
	ListCell   *cell;

	if (!bms_get_singleton_member(pull_varnos(root, expression), &relid) ||
		relid >= root->simple_rel_array_size ||
		(rel = root->simple_rel_array[relid]) == NULL)
		return 0;

	call = makeFuncExpr(request->funcid, BOOLOID, request->args, InvalidOid,
						request->inputcollid, COERCE_EXPLICIT_CALL);
	foreach(cell, rel->joininfo)
	{
		RestrictInfo *info = lfirst_node(RestrictInfo, cell);

		if (IsA(info->clause, OpExpr) &&
			within_implies(call, (Node *) info->clause))
			count++;
	}
	return count;
}

/*
 * Estimate the equalities of the relations that within() joins, with one as
 * the outer relation.
 */
static void
estimate_keys(SupportRequestSelectivity *request, int outer, int inner)
{
	PlannerInfo *root = request->root;
	Relids		outer_relids = bms_make_singleton(outer);
	Relids		relids = bms_add_member(bms_copy(outer_relids), inner);
	List	   *keys;
	ListCell   *cell;

	keys = generate_join_implied_equalities(root, relids, outer_relids,
											find_base_rel(root, inner),
											request->sjinfo);
	foreach(cell, keys)
		(void) window_clause_selectivity(root, lfirst_node(RestrictInfo, cell),
										 request->sjinfo);
}

/*
 * Estimate the equalities beside within() before the planner does so, which
 * comes to them later and can't do better.
 */
static void
estimate_all_keys(SupportRequestSelectivity *request)
{
	int			event;
	int			anchor;

	if (!request->is_join || request->jointype != JOIN_INNER ||
		request->sjinfo == NULL ||
		!bms_get_singleton_member(pull_varnos(request->root,
											  linitial(request->args)), &event) ||
		!bms_get_singleton_member(pull_varnos(request->root,
											  lsecond(request->args)), &anchor) ||
		event == anchor)
		return;

	/* clauses of their own, before version 16 */
	estimate_keys(request, event, anchor);
	estimate_keys(request, anchor, event);
}

/*
 * Estimate within(), whether it is a join's condition or a table's.
 */
Selectivity
within_selectivity(SupportRequestSelectivity *request)
{
	Node	   *lookback;
	TimeHistogram events;
	TimeHistogram anchors;
	int64		microseconds;
	Selectivity selectivity;

	if (list_length(request->args) != 3)
		return DEFAULT_RANGE_INEQ_SEL;
	estimate_all_keys(request);

	lookback = estimate_expression_value(request->root, lthird(request->args));
	if (!IsA(lookback, Const))
		return DEFAULT_RANGE_INEQ_SEL;
	if (((Const *) lookback)->constisnull ||
		!lookback_is_valid(DatumGetIntervalP(((Const *) lookback)->constvalue),
						   &microseconds))
		return 0;

	if (!find_time_histogram(request->root, linitial(request->args), &events) ||
		!find_time_histogram(request->root, lsecond(request->args), &anchors))
		return DEFAULT_RANGE_INEQ_SEL;
	if (events.count == 0 || anchors.count == 0)
		return 0;

	selectivity = fraction_within(&events, &anchors, microseconds);

	/*
	 * Core takes comparisons that say nothing new for independent, and
	 * guesses what each lets through.
	 */
	for (int i = count_implied(request, linitial(request->args)); i > 0; i--)
		selectivity /= DEFAULT_INEQ_SEL;
	CLAMP_PROBABILITY(selectivity);
	return selectivity;
}
