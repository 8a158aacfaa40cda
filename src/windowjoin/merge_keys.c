/*-------------------------------------------------------------------------
 *
 * merge_keys.c
 *	  What is known of the keys whose indexes are merged: how common they are, and by
 *	  what they are divided among processes.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/stratnum.h"
#include "catalog/pg_statistic.h"
#include "nodes/makefuncs.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/sortsupport.h"

#include "planner/planner.h"
#include "windowjoin/merge.h"
#include "windowjoin/merge_tables.h"

/*
 * The table of a side whose index has the most entries.
 */
static const SideTable *
largest_table(List *tables)
{
	const SideTable *largest = linitial(tables);
	ListCell   *cell;

	foreach(cell, tables)
	{
		const SideTable *table = lfirst(cell);

		if (table->index->tuples > largest->index->tuples)
			largest = table;
	}
	return largest;
}

/*
 * Look up the statistics of a table's key, to be released.
 */
static void
examine_key(PlannerInfo *root, const SideTable *table, int key,
			VariableStatData *variable)
{
	List	   *indexes = reveal_partial_indexes(table->rel);

	examine_variable(root, list_nth(table->values, key), 0, variable);
	table->rel->indexlist = indexes;
}

/*
 * Find out how common the keys of a side are: as those of its largest table.
 * Where there are no statistics, all are alike.
 */
KeyFrequencies *
find_key_frequencies(PlannerInfo *root, List *tables, int key)
{
	KeyFrequencies *frequencies = palloc0(sizeof(KeyFrequencies));
	VariableStatData variable;
	AttStatsSlot common;
	double		distinct;
	double		rest = 1;
	bool		is_default;

	examine_key(root, largest_table(tables), key, &variable);
	distinct = get_variable_numdistinct(&variable, &is_default);
	if (HeapTupleIsValid(variable.statsTuple) &&
		get_attstatsslot(&common, variable.statsTuple, STATISTIC_KIND_MCV,
						 InvalidOid, ATTSTATSSLOT_NUMBERS))
	{
		frequencies->count = common.nnumbers;
		frequencies->common = palloc(common.nnumbers * sizeof(float4));
		memcpy(frequencies->common, common.numbers, common.nnumbers * sizeof(float4));
		free_attstatsslot(&common);
	}
	ReleaseVariableStats(variable);

	for (int i = 0; i < frequencies->count; i++)
	{
		rest -= frequencies->common[i];
		frequencies->repeated += (double) frequencies->common[i] * frequencies->common[i];
	}
	frequencies->rest = Max(rest, 0);
	frequencies->other = frequencies->rest / Max(distinct - frequencies->count, 1);
	frequencies->repeated += frequencies->rest * frequencies->other;
	return frequencies;
}

/*
 * How alike are the keys of two sides, if so many of all pairs of rows have the
 * same?  1 where each key is as common on one side as on the other, and near 0
 * where what is common on one side is rare on the other.
 */
double
key_likeness(const KeyFrequencies *outer, const KeyFrequencies *inner,
			 Selectivity equal)
{
	double		most = sqrt(outer->repeated * inner->repeated);

	return most > equal ? equal / most : 1;
}

/*
 * Estimate how many of a side's entries are in pairs: few are, if common keys have
 * the most pairs.
 */
double
entries_in_pairs(const KeyFrequencies *frequencies, double likeness,
				 double entries, double pairs)
{
	double		of_each = pairs / entries;
	double		spread = 1 - exp(-of_each);
	double		by_key = 0;

	if (frequencies->repeated <= 0)
		return entries * spread;
	of_each /= frequencies->repeated;
	for (int i = 0; i < frequencies->count; i++)
		by_key += frequencies->common[i] * (1 - exp(-of_each * frequencies->common[i]));
	by_key += frequencies->rest * (1 - exp(-of_each * frequencies->other));
	return entries * (likeness * by_key + (1 - likeness) * spread);
}

/*
 * Can keys of both sides be compared with bounds of this type?
 */
static bool
has_range_operators(const SideOrder *orders, Oid type)
{
	Oid			family = orders[0].family;

	for (int i = 0; i < 2; i++)
	{
		if (!OidIsValid(get_opfamily_member(family, orders[i].type, type,
											BTGreaterStrategyNumber)) ||
			!OidIsValid(get_opfamily_member(family, orders[i].type, type,
											BTLessEqualStrategyNumber)))
			return false;
	}
	return true;
}

/* Keys up to this one, from the one before it, and the fraction of rows that have
 * them */
typedef struct KeyRange
{
	Datum		key;
	double		fraction;
} KeyRange;

/*
 * Order parts by their keys.
 */
static int
compare_parts(const void *a, const void *b, void *order)
{
	SortSupport ssup = order;

	return ssup->comparator(((const KeyRange *) a)->key,
							((const KeyRange *) b)->key, ssup);
}

/*
 * Add a column's most common values to parts, and its histogram, of which each
 * value stands for the rows since the one before it; the number of parts.
 */
static int
add_parts(VariableStatData *variable, Oid less, Oid collation, KeyRange **parts)
{
	AttStatsSlot common;
	AttStatsSlot histogram;
	double		rest = 1;
	int			count = 0;

	memset(&common, 0, sizeof(common));
	memset(&histogram, 0, sizeof(histogram));
	(void) get_attstatsslot(&common, variable->statsTuple, STATISTIC_KIND_MCV,
							InvalidOid,
							ATTSTATSSLOT_VALUES | ATTSTATSSLOT_NUMBERS);
	(void) get_attstatsslot(&histogram, variable->statsTuple,
							STATISTIC_KIND_HISTOGRAM, less, ATTSTATSSLOT_VALUES);

	*parts = palloc((common.nvalues + histogram.nvalues + 1) * sizeof(KeyRange));
	for (int i = 0; i < common.nvalues; i++)
	{
		(*parts)[count++] = (KeyRange)
		{
			common.values[i], common.numbers[i]
		};
		rest -= common.numbers[i];
	}
	for (int i = 1; i < histogram.nvalues && histogram.stacoll == collation; i++)
		(*parts)[count++] = (KeyRange)
	{
		histogram.values[i], Max(rest, 0) / (histogram.nvalues - 1)
	};

	/* the parts keep the values, whose arrays are few */
	return count;
}

/*
 * Keys at which the rows are divided into so many ranges, about.
 */
static List *
choose_bounds(KeyRange *parts, int part_count, int count, Oid less,
			  const SideOrder *order)
{
	List	   *bounds = NIL;
	SortSupportData ssup = {
		.ssup_cxt = CurrentMemoryContext,
		.ssup_collation = order->collation,
	};
	double		before = 0;
	int16		length;
	bool		by_value;

	PrepareSortSupportFromOrderingOp(less, &ssup);
	qsort_arg(parts, part_count, sizeof(KeyRange), compare_parts, &ssup);
	get_typlenbyval(order->type, &length, &by_value);
	for (int i = 0; i + 1 < part_count; i++)
	{
		double		until = before + parts[i].fraction;

		if ((int) (before * count) != (int) (until * count))
			bounds = lappend(bounds,
							 makeConst(order->type, -1, order->collation, length,
									   datumCopy(parts[i].key, by_value, length),
									   false, by_value));
		before = until;
	}
	return bounds;
}

/*
 * Keys that divide all others into so many ranges, by what is known of those of
 * the largest table; NIL if that is not enough.
 */
List *
find_key_ranges(PlannerInfo *root, List *const *tables, const SideOrder *orders,
				int key, int count)
{
	const SideTable *outer = largest_table(tables[MERGE_OUTER]);
	const SideTable *inner = largest_table(tables[MERGE_INNER]);
	bool		is_outer = outer->index->tuples >= inner->index->tuples;
	const SideTable *table = is_outer ? outer : inner;
	const SideOrder *order = &orders[is_outer ? MERGE_OUTER : MERGE_INNER];
	Oid			less = get_opfamily_member(orders[0].family, order->type,
										   order->type, BTLessStrategyNumber);
	List	   *bounds = NIL;
	VariableStatData variable;

	if (!has_range_operators(orders, order->type))
		return NIL;
	examine_key(root, table, key, &variable);
	if (HeapTupleIsValid(variable.statsTuple) &&
		statistic_proc_security_check(&variable, get_opcode(less)))
	{
		KeyRange   *parts;
		int			part_count = add_parts(&variable, less, order->collation, &parts);

		bounds = choose_bounds(parts, part_count, count, less, order);
	}
	ReleaseVariableStats(variable);
	return list_length(bounds) < count / 2 ? NIL : bounds;
}
