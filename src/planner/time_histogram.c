/*-------------------------------------------------------------------------
 *
 * time_histogram.c
 *	  How many pairs of an event and an anchor are within a lookback.
 *
 * The statistics of both columns, each as a set of ranges with equally likely
 * times, are compared as if events and anchors were independent.  Ranges of many
 * partitions overlap, or there are thousands of them; so each column's are added
 * up to the fraction of rows before each time.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/timestamp.h"

#include "azhunt.h"
#include "planner/planner.h"

/* As many members as have their statistics read */
#define MAX_MEMBERS		256

/* As many events as are compared with the histogram of anchors */
#define EVENT_SAMPLES	200

/* Times from first to last, in microseconds, that part of all rows has */
typedef struct TimeRange
{
	double		first;
	double		last;			/* equal to first for a common value */
	double		fraction;
} TimeRange;

/* The times of a column, as ranges: any of a range are equally likely */
typedef struct TimeRanges
{
	TimeRange  *ranges;
	int			count;
	int			allocated;
	double		not_null;		/* the sum of all fractions */
} TimeRanges;

/* Where the ranges of a column begin or end, and how many rows come before */
typedef struct TimeStep
{
	double		time;
	double		before;			/* the fraction of rows before it, */
	double		until;			/* and including it */
} TimeStep;

/* The times of a column, from 0 to 1, and linear from step to step */
typedef struct TimeHistogram
{
	TimeStep   *steps;
	int			count;
} TimeHistogram;

/* A histogram that was made before */
typedef struct KnownHistogram
{
	Node	   *expression;
	bool		found;
	TimeHistogram histogram;
} KnownHistogram;

/* Bounds that leave out nothing */
static const TimeRange all_times = {(double) PG_INT64_MIN, (double) PG_INT64_MAX, 1};

/* At a time, a range begins or ends */
typedef struct RangeEdge
{
	double		time;
	double		slope;			/* what is added to it */
	double		rows;			/* that have this very time */
} RangeEdge;

/*
 * Add a range of times, or what bounds leave of it.
 */
static void
add_range(TimeRanges *ranges, double first, double last, double fraction,
		  const TimeRange *bounds)
{
	double		from = Max(first, bounds->first);
	double		to = Min(last, bounds->last);
	TimeRange  *range;

	if (from > to || fraction <= 0)
		return;
	if (last > first)
		fraction *= (to - from) / (last - first);

	if (ranges->count == ranges->allocated)
	{
		ranges->allocated = Max(128, ranges->allocated * 2);
		ranges->ranges = ranges->ranges == NULL ?
			palloc(sizeof(TimeRange) * ranges->allocated) :
			repalloc(ranges->ranges, sizeof(TimeRange) * ranges->allocated);
	}
	range = &ranges->ranges[ranges->count++];
	range->first = from;
	range->last = to;
	range->fraction = fraction;
	ranges->not_null += fraction;
}

/*
 * Order edges by time.
 */
static int
compare_edges(const void *a, const void *b)
{
	double		time_a = ((const RangeEdge *) a)->time;
	double		time_b = ((const RangeEdge *) b)->time;

	return (time_a > time_b) - (time_a < time_b);
}

/*
 * The edges of all ranges, in the order of time.
 */
static RangeEdge *
sort_edges(const TimeRanges *ranges, int *count)
{
	RangeEdge  *edges = palloc(2 * ranges->count * sizeof(RangeEdge));

	*count = 0;
	for (int i = 0; i < ranges->count; i++)
	{
		const TimeRange *range = &ranges->ranges[i];
		double		fraction = range->fraction / ranges->not_null;
		double		slope;

		if (range->last <= range->first)
		{
			edges[(*count)++] = (RangeEdge)
			{
				range->first, 0, fraction
			};
			continue;
		}
		slope = fraction / (range->last - range->first);
		edges[(*count)++] = (RangeEdge)
		{
			range->first, slope, 0
		};
		edges[(*count)++] = (RangeEdge)
		{
			range->last, -slope, 0
		};
	}
	qsort(edges, *count, sizeof(RangeEdge), compare_edges);
	return edges;
}

/*
 * Add the ranges up to a histogram.
 */
static TimeHistogram
make_histogram(const TimeRanges *ranges)
{
	TimeHistogram histogram = {0};
	double		slope = 0;
	double		rows = 0;
	int			count;
	RangeEdge  *edges;

	if (ranges->count == 0)
		return histogram;
	edges = sort_edges(ranges, &count);
	histogram.steps = palloc(count * sizeof(TimeStep));
	for (int i = 0; i < count;)
	{
		TimeStep   *step = &histogram.steps[histogram.count++];

		step->time = edges[i].time;
		if (histogram.count > 1)
			rows += Max(slope, 0) * (step->time - (step - 1)->time);
		step->before = Min(rows, 1);
		for (; i < count && edges[i].time == step->time; i++)
		{
			slope += edges[i].slope;
			rows += edges[i].rows;
		}
		step->until = Min(rows, 1);
	}
	pfree(edges);
	return histogram;
}

/*
 * Narrow bounds by one condition, if it compares the column with a known time.
 */
static void
apply_condition(PlannerInfo *root, Node *column, Node *condition,
				TimeRange *bounds)
{
	Node	   *constant;
	int			strategy = time_comparison(condition, column, &constant);
	double		time;

	if (strategy == 0)
		return;
	constant = estimate_expression_value(root, constant);
	if (!IsA(constant, Const) || ((Const *) constant)->constisnull)
		return;
	time = DatumGetTimestampTz(((Const *) constant)->constvalue);
	if (strategy <= BTEqualStrategyNumber)
		bounds->last = Min(bounds->last, time);
	if (strategy >= BTEqualStrategyNumber)
		bounds->first = Max(bounds->first, time);
}

/*
 * The bounds that the query's conditions set to a column: the rows that are
 * joined are only those between them.
 */
static TimeRange
column_bounds(PlannerInfo *root, VariableStatData *variable)
{
	TimeRange	bounds = all_times;
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
			   TimeRanges *ranges)
{
	TimeRange	bounds = column_bounds(root, variable);
	TimeRanges	column = {0};
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

		add_range(ranges, range->first, range->last,
				  weight * range->fraction / column.not_null, &all_times);
	}
	return column.count > 0;
}

/*
 * Make the histogram of an expression's times; false if nothing is known of
 * them.
 */
static bool
make_time_histogram(PlannerInfo *root, Node *expression,
					TimeHistogram *histogram)
{
	TimeRanges	ranges = {0};
	ListCell   *cell;

	foreach(cell, find_append_members(root, expression, MAX_MEMBERS))
	{
		AppendMember *member = lfirst(cell);
		VariableStatData variable;

		examine_variable(root, member->expression, 0, &variable);
		(void) add_statistics(root, &variable, member->weight, &ranges);
		ReleaseVariableStats(variable);
	}
	*histogram = make_histogram(&ranges);
	if (ranges.ranges != NULL)
		pfree(ranges.ranges);
	return histogram->count > 0;
}

/*
 * The histogram of an expression over a relation with children, which is made
 * once.
 */
static bool
find_known_histogram(PlannerInfo *root, Index relid, Node *expression,
					 TimeHistogram *histogram)
{
	Planning   *planning = planning_of(root);
	KnownHistogram *known;
	MemoryContext caller;
	ListCell   *cell;

	foreach(cell, planning->histograms[relid])
	{
		known = lfirst(cell);
		if (equal(known->expression, expression))
		{
			*histogram = known->histogram;
			return known->found;
		}
	}

	caller = MemoryContextSwitchTo(root->planner_cxt);
	known = palloc(sizeof(KnownHistogram));
	known->expression = copyObject(expression);
	known->found = make_time_histogram(root, known->expression,
									   &known->histogram);
	planning->histograms[relid] = lappend(planning->histograms[relid], known);
	MemoryContextSwitchTo(caller);
	*histogram = known->histogram;
	return known->found;
}

/*
 * Find the histogram of an expression's times; false if that is not known.
 */
static bool
find_time_histogram(PlannerInfo *root, Node *expression,
					TimeHistogram *histogram)
{
	Node	   *value = estimate_expression_value(root, expression);
	Index		relid;

	if (IsA(value, Const))
	{
		TimeRanges	ranges = {0};

		if (!((Const *) value)->constisnull)
		{
			double		time = DatumGetTimestampTz(((Const *) value)->constvalue);

			add_range(&ranges, time, time, 1, &all_times);
		}
		*histogram = make_histogram(&ranges);
		return true;
	}

	relid = append_relation(root, expression);
	if (relid != 0)
		return find_known_histogram(root, relid, expression, histogram);
	return make_time_histogram(root, expression, histogram);
}

/*
 * The fraction of rows whose time is before the one that is given or, if that is
 * asked for, the same.
 */
static double
fraction_until(const TimeHistogram *histogram, double time, bool inclusive)
{
	const TimeStep *steps = histogram->steps;
	int			low = 0;
	int			high = histogram->count;

	/* low will be the first step that is not before the time */
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (steps[middle].time < time)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < histogram->count && steps[low].time == time)
		return inclusive ? steps[low].until : steps[low].before;
	if (low == 0)
		return 0;
	if (low == histogram->count)
		return steps[low - 1].until;
	return steps[low - 1].until +
		(steps[low].before - steps[low - 1].until) *
		(time - steps[low - 1].time) / (steps[low].time - steps[low - 1].time);
}

/*
 * The time which as many rows are before.
 */
static double
time_at(const TimeHistogram *histogram, double fraction)
{
	const TimeStep *steps = histogram->steps;
	int			low = 0;
	int			high = histogram->count - 1;
	double		rows;

	/* low will be the first step that has so many rows until it */
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (steps[middle].until < fraction)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || steps[low].before < fraction)
		return steps[low].time;
	rows = steps[low].before - steps[low - 1].until;
	if (rows <= 0)
		return steps[low].time;
	return steps[low - 1].time + (steps[low].time - steps[low - 1].time) *
		(fraction - steps[low - 1].until) / rows;
}

/*
 * The fraction of pairs of an event and an anchor that are within a lookback.
 *
 * Of the events that might have an anchor, as many are looked at as will do, each
 * for an equal part of them.
 */
static double
fraction_within(const TimeHistogram *events, const TimeHistogram *anchors,
				double lookback)
{
	double		first = fraction_until(events, anchors->steps[0].time - lookback,
									   false);
	double		last = fraction_until(events,
									  anchors->steps[anchors->count - 1].time,
									  true);
	double		fraction = 0;

	if (last <= first)
		return 0;
	for (int i = 0; i < EVENT_SAMPLES; i++)
	{
		double		event = time_at(events, first + (last - first) *
									(i + 0.5) / EVENT_SAMPLES);

		fraction += fraction_until(anchors, event + lookback, true) -
			fraction_until(anchors, event, false);
	}
	return (last - first) * fraction / EVENT_SAMPLES;
}

/*
 * The fraction of pairs of an event and an anchor that are within a lookback, by
 * the statistics of both; -1 if there are none.
 */
static Selectivity
estimate_fraction(PlannerInfo *root, Node *event, Node *anchor, int64 lookback)
{
	TimeHistogram events;
	TimeHistogram anchors;

	if (!find_time_histogram(root, event, &events) ||
		!find_time_histogram(root, anchor, &anchors))
		return -1;
	if (events.count == 0 || anchors.count == 0)
		return 0;
	return fraction_within(&events, &anchors, lookback);
}

/*
 * The same; the planner asks twice for each partition that may be looked up, once
 * for its rows and once for the cost.
 */
static Selectivity
find_fraction(PlannerInfo *root, Node *event, Node *anchor, int64 lookback)
{
	Planning   *planning = planning_of(root);
	MemoryContext caller;

	if (known_relation(root, event) == 0)
		return estimate_fraction(root, event, anchor, lookback);
	if (planning->lookback == lookback && equal(planning->event, event) &&
		equal(planning->anchor, anchor))
		return planning->fraction;

	caller = MemoryContextSwitchTo(root->planner_cxt);
	planning->fraction = estimate_fraction(root, event, anchor, lookback);
	planning->event = copyObject(event);
	planning->anchor = copyObject(anchor);
	planning->lookback = lookback;
	MemoryContextSwitchTo(caller);
	return planning->fraction;
}

/*
 * How many conditions on the rows of an expression does within() imply?
 */
static int
count_implied(SupportRequestSelectivity *request, Node *expression)
{
	FuncExpr   *call;
	RelOptInfo *rel = relation_of(request->root, expression);
	int			count = 0;
	ListCell   *cell;

	if (rel == NULL)
		return 0;

	call = makeFuncExpr(request->funcid, BOOLOID, request->args, InvalidOid,
						request->inputcollid, COERCE_EXPLICIT_CALL);
	foreach(cell, rel->joininfo)
	{
		RestrictInfo *info = lfirst_node(RestrictInfo, cell);

		if (within_implies(call, (Node *) info->clause))
			count++;
	}
	return count;
}

/*
 * The fraction of pairs of rows that agree in all keys of the relations that
 * within() joins, with one as the outer relation.
 */
static Selectivity
estimate_keys(PlannerInfo *root, int outer, int inner, SpecialJoinInfo *sjinfo)
{
	Relids		outer_relids = bms_make_singleton(outer);
	Relids		relids = bms_add_member(bms_copy(outer_relids), inner);
	Selectivity selectivity = 1;
	List	   *keys;
	ListCell   *cell;

	keys = generate_join_implied_equalities(root, relids, outer_relids,
											find_base_rel(root, inner), sjinfo);
	foreach(cell, keys)
		selectivity *= window_clause_selectivity(root, lfirst_node(RestrictInfo, cell),
												 sjinfo);
	return selectivity;
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

	/* a partition that is looked up by a table is not a join of its own */
	if (IS_OTHER_REL(find_base_rel(request->root, event)) !=
		IS_OTHER_REL(find_base_rel(request->root, anchor)))
		return;

	/* clauses of their own, before version 16 */
	(void) estimate_keys(request->root, event, anchor, request->sjinfo);
	(void) estimate_keys(request->root, anchor, event, request->sjinfo);
}

/*
 * The fraction of rows of a semi-join's, or an anti-join's, left side that have
 * a partner, if so many of all pairs are within the lookback.
 *
 * Core multiplies what each clause lets through, and there are few rows that are
 * not within the lookback of any row of the other side.  What counts are those
 * with the same key: of so many, distributed at random, none is there with the
 * probability exp(-number).
 */
static Selectivity
fraction_with_partner(SupportRequestSelectivity *request, Selectivity pairs)
{
	PlannerInfo *root = request->root;
	SpecialJoinInfo inner_join = *request->sjinfo;
	Relids		relids = pull_varnos(root, (Node *) request->args);
	int			left;
	int			right;

	if (!bms_get_singleton_member(bms_difference(relids, inner_join.syn_righthand), &left) ||
		!bms_get_singleton_member(bms_intersect(relids, inner_join.syn_righthand), &right))
		return pairs;

	inner_join.jointype = JOIN_INNER;
	pairs *= estimate_keys(root, left, right, &inner_join);
	return 1 - exp(-pairs * Max(find_base_rel(root, right)->rows, 1));
}

/*
 * Estimate within(), whether it is a join's condition or a table's.
 */
Selectivity
within_selectivity(SupportRequestSelectivity *request)
{
	Node	   *lookback;
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

	selectivity = find_fraction(request->root, linitial(request->args),
								lsecond(request->args), microseconds);
	if (selectivity < 0)
		return DEFAULT_RANGE_INEQ_SEL;

	/*
	 * Core takes comparisons that say nothing new for independent, and
	 * guesses what each lets through.
	 */
	for (int i = count_implied(request, linitial(request->args)); i > 0; i--)
		selectivity /= DEFAULT_INEQ_SEL;
	CLAMP_PROBABILITY(selectivity);
	if (request->is_join && request->sjinfo != NULL &&
		(request->jointype == JOIN_SEMI || request->jointype == JOIN_ANTI))
		return fraction_with_partner(request, selectivity);
	return selectivity;
}
