/*-------------------------------------------------------------------------
 *
 * merge_slices.c
 *	  The times by which a merge of many partitions is divided into several.
 *
 * All partitions of a key are merged, so that each entry is compared with those
 * of others: the more there are, the more often.  But rows are joined only with
 * those of about the same time.  So the outer side's times are divided into
 * slices of some partitions, and these are merged with what is in their windows,
 * one slice after the other.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "optimizer/optimizer.h"
#include "utils/timestamp.h"

#include "azhunt.h"
#include "windowjoin/merge.h"
#include "windowjoin/merge_tables.h"

/* As many tables are merged at once, about */
#define TABLES_IN_SLICE		16

/* Entries of a table that is in several slices are read for each: no more of all
 * entries, as a part */
#define MOST_READ_AGAIN		0.125

static int
compare_times(const void *a, const void *b)
{
	TimestampTz time_a = *(const TimestampTz *) a;
	TimestampTz time_b = *(const TimestampTz *) b;

	return (time_a > time_b) - (time_a < time_b);
}

/*
 * The times at which tables end, in order and each once, but for those without an
 * end; how many there are.
 */
static int
find_ends(List *tables, TimestampTz *ends)
{
	int			count = 0;
	int			distinct = 0;
	ListCell   *cell;

	foreach(cell, tables)
	{
		const SideTable *table = lfirst(cell);

		if (table->last < PG_INT64_MAX)
			ends[count++] = table->last;
	}
	qsort(ends, count, sizeof(TimestampTz), compare_times);
	for (int i = 0; i < count; i++)
	{
		if (distinct == 0 || ends[distinct - 1] != ends[i])
			ends[distinct++] = ends[i];
	}
	return distinct;
}

/*
 * In how many slices do times from first to last have a part?
 */
static int
count_slices(const TimestampTz *slices, int count, TimestampTz first,
			 TimestampTz last)
{
	int			parts = 1;

	for (int i = 0; i < count; i++)
		parts += first <= slices[i] && slices[i] < last;
	return parts;
}

/*
 * Entries that are read if the outer side's times are divided so; "all" is as many
 * as there are.
 */
static double
entries_read(List *const *tables, bool outer_is_event, int64 lookback,
			 const TimestampTz *slices, int count, double *all)
{
	double		read = 0;
	ListCell   *cell;

	*all = 0;
	for (MergeSide side = MERGE_OUTER; side <= MERGE_INNER; side++)
	{
		foreach(cell, tables[side])
		{
			const SideTable *table = lfirst(cell);
			TimestampTz first = table->first;
			TimestampTz last = table->last;

			/* the outer rows that an inner one may be joined with */
			if (side == MERGE_INNER && outer_is_event)
				first = kql_window_start(first, lookback, MIN_TIMESTAMP);
			else if (side == MERGE_INNER)
				last = kql_window_end(last, lookback, END_TIMESTAMP - 1);
			*all += table->index->tuples;
			read += table->index->tuples * count_slices(slices, count, first, last);
		}
	}
	return read;
}

/*
 * Is the lookback of within() known, and an interval that it takes?
 */
static bool
is_known_lookback(PlannerInfo *root, const FuncExpr *window, int64 *lookback)
{
	Const	   *value = (Const *) estimate_expression_value(root,
															lthird(window->args));

	return IsA(value, Const) && !value->constisnull &&
		lookback_is_valid(DatumGetIntervalP(value->constvalue), lookback);
}

/*
 * The last times of all slices but the last, as a List of Consts; NIL if it is
 * better to have all times in one.
 *
 * Sets how many tables are merged at once, and how many times as many entries are
 * read as there are.
 */
List *
find_slices(PlannerInfo *root, List *const *tables, const FuncExpr *window,
			bool outer_is_event, double *tables_at_once, double *reading)
{
	int			table_count = list_length(tables[MERGE_OUTER]) +
	list_length(tables[MERGE_INNER]);
	TimestampTz *ends = palloc(list_length(tables[MERGE_OUTER]) * sizeof(TimestampTz));
	int			end_count = find_ends(tables[MERGE_OUTER], ends);
	int			step = end_count * TABLES_IN_SLICE / table_count;
	List	   *slices = NIL;
	int			count = 0;
	int64		lookback;
	double		all;
	double		read;

	*tables_at_once = table_count;
	*reading = 1;
	if (step < 1 || table_count < 2 * TABLES_IN_SLICE ||
		!is_known_lookback(root, window, &lookback))
		return NIL;
	for (int i = step - 1; i < end_count; i += step)
		ends[count++] = ends[i];
	read = entries_read(tables, outer_is_event, lookback, ends, count, &all);
	if (read > all * (1 + MOST_READ_AGAIN))
		return NIL;
	*tables_at_once = Max((double) table_count / (count + 1), 2);
	*reading = all > 0 ? read / all : 1;
	for (int i = 0; i < count; i++)
		slices = lappend(slices, make_time(ends[i]));
	return slices;
}
