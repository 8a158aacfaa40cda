/*-------------------------------------------------------------------------
 *
 * merge_tables.c
 *	  The tables that one side of a join reads, and indexes to merge them by.
 *
 * A side may be a table, or partitions, children and members of UNION ALL at
 * any depth.  Each needs a btree index that begins with the key and the time.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/appendinfo.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "partitioning/partbounds.h"
#include "storage/bufmgr.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "planner/planner.h"
#include "windowjoin/merge_tables.h"

/*
 * The time of a bound of a partition.
 */
static TimestampTz
bound_time(PartitionBoundInfo bounds, int i)
{
	switch (bounds->kind[i][0])
	{
		case PARTITION_RANGE_DATUM_MINVALUE:
			return PG_INT64_MIN;
		case PARTITION_RANGE_DATUM_MAXVALUE:
			return PG_INT64_MAX;
		default:
			return DatumGetTimestampTz(bounds->datums[i][0]);
	}
}

/*
 * Narrow a period to that of a partition of a table that is partitioned by the
 * range of the time.
 */
static void
narrow_to_partition(const RelOptInfo *parent, const RelOptInfo *child,
					Node *time, TimestampTz *first, TimestampTz *last)
{
	PartitionScheme scheme = parent->part_scheme;
	PartitionBoundInfo bounds = parent->boundinfo;
	int			partition = 0;

	if (scheme == NULL || bounds == NULL ||
		scheme->strategy != PARTITION_STRATEGY_RANGE ||
		scheme->partnatts != 1 ||
		scheme->partopcintype[0] != TIMESTAMPTZOID ||
		scheme->partopfamily[0] != time_family() ||
		!list_member(parent->partexprs[0], time))
		return;
	while (partition < parent->nparts && parent->part_rels[partition] != child)
		partition++;

	/* a partition lies below the bound that has its number */
	for (int i = 0; i <= bounds->ndatums; i++)
	{
		if (bounds->indexes[i] != partition)
			continue;
		if (i > 0)
			*first = Max(*first, bound_time(bounds, i - 1));
		if (i < bounds->ndatums)
		{
			TimestampTz end = bound_time(bounds, i);

			*last = Min(*last, end > PG_INT64_MIN && end < PG_INT64_MAX ? end - 1 : end);
		}
		return;
	}
}

/*
 * May this be read by an index, as far as its kind goes?
 */
static bool
is_plain_table(PlannerInfo *root, const RelOptInfo *rel)
{
	RangeTblEntry *rte = planner_rt_fetch(rel->relid, root);
	ListCell   *cell;

	if (rte->rtekind != RTE_RELATION || rte->tablesample != NULL ||
		(rte->relkind != RELKIND_RELATION && rte->relkind != RELKIND_MATVIEW) ||
		!bms_is_empty(rel->lateral_relids))
		return false;

	/* such a condition would come above the scan */
	foreach(cell, rel->baserestrictinfo)
	{
		if (lfirst_node(RestrictInfo, cell)->pseudoconstant)
			return false;
	}
	return true;
}

/*
 * Add the tables that a relation consists of, without those that are known to
 * have no rows; false if some of them are no tables.
 *
 * "values" are the time and the keys, as expressions of the relation.
 */
static bool
add_tables(PlannerInfo *root, RelOptInfo *rel, List *values,
		   TimestampTz first, TimestampTz last, List **tables)
{
	SideTable  *table;
	ListCell   *cell;

	check_stack_depth();
	if (IS_DUMMY_REL(rel))
		return true;

	if (planner_rt_fetch(rel->relid, root)->inh)
	{
		foreach(cell, append_children(root, rel->relid))
		{
			AppendRelInfo *info = lfirst_node(AppendRelInfo, cell);
			RelOptInfo *child;
			TimestampTz child_first = first;
			TimestampTz child_last = last;

			child = root->simple_rel_array[info->child_relid];
			if (child == NULL)
				continue;
			narrow_to_partition(rel, child, linitial(values), &child_first,
								&child_last);
			if (!add_tables(root, child,
							(List *) adjust_appendrel_attrs(root, (Node *) values,
															1, &info),
							child_first, child_last, tables))
				return false;
		}
		return true;
	}

	if (!is_plain_table(root, rel))
		return false;
	table = palloc0(sizeof(SideTable));
	table->rel = rel;
	table->relation = planner_rt_fetch(rel->relid, root)->relid;
	table->values = values;
	table->first = first;
	table->last = last;
	*tables = lappend(*tables, table);
	return true;
}

/*
 * Can all these tables be read at once by so many processes?
 *
 * Of each, a page of the index stays in use while others are read, one of the
 * visibility map where rows are not fetched, and one of the table where they are too
 * large to be kept.  That may take three quarters of the cache.
 */
bool
may_read_at_once(List *const *tables, int processes)
{
	int			temporary = 0;
	int			others = 0;
	ListCell   *cell;

	for (int side = 0; side < 2; side++)
	{
		foreach(cell, tables[side])
		{
			const SideTable *table = lfirst(cell);

			if (get_rel_persistence(table->relation) == RELPERSISTENCE_TEMP)
				temporary++;
			else
				others++;
		}
	}
	return temporary <= num_temp_buffers / 4 &&
		(double) others * processes <= NBuffers / 4;
}

/*
 * The tables that a side consists of; NIL if it has none or others.
 */
List *
find_side_tables(PlannerInfo *root, RelOptInfo *side, List *values)
{
	List	   *tables = NIL;

	if (!add_tables(root, side, values, PG_INT64_MIN, PG_INT64_MAX, &tables))
		return NIL;
	return tables;
}

/*
 * Has an index such values, ascending and nulls last, in this column?
 */
static bool
has_column(IndexOptInfo *index, int column, Node *value, Oid type)
{
	return index->opcintype[column] == type &&
		!index->reverse_sort[column] && !index->nulls_first[column] &&
		index->canreturn[column] &&
		match_index_to_operand(value, column, index);
}

/*
 * Does an index begin with the key and the time, so that it returns them in the
 * order of a merge?
 */
static bool
is_ordered_index(IndexOptInfo *index, const SideTable *table, int key,
				 const SideOrder *order)
{
	return index->relam == BTREE_AM_OID && !index->hypothetical &&
		(index->indpred == NIL || index->predOK) &&
		index->nkeycolumns >= 2 &&
		has_column(index, 0, list_nth(table->values, key), order->type) &&
		has_column(index, 1, linitial(table->values), TIMESTAMPTZOID) &&
		index->opfamily[1] == time_family() &&
		index->indexcollations[0] == order->collation &&
		(!OidIsValid(order->family) || index->opfamily[0] == order->family) &&
		get_op_opfamily_strategy(order->equality,
								 index->opfamily[0]) == BTEqualStrategyNumber &&
	/* an index of names does not hold names */
		get_atttype(index->indexoid, 1) != CSTRINGOID;
}

/*
 * The column of an index that has the hash of a value, 0 if there is none.
 */
static AttrNumber
find_hash_column(IndexOptInfo *index, Node *value, const SideOrder *order)
{
	Expr	   *hash = (Expr *) makeFuncExpr(order->hash_function, INT4OID,
											 list_make1(value), InvalidOid,
											 order->hash_collation,
											 COERCE_EXPLICIT_CALL);

	for (int i = 2; i < index->ncolumns; i++)
	{
		if (index->canreturn[i] &&
			match_index_to_operand((Node *) hash, i, index))
			return i + 1;
	}
	return 0;
}

/*
 * Choose the index of each table; false if one has none.
 *
 * "key" and "hashed" are places among the values, the latter 0 if no hash is
 * needed.  Sets the operator family, unless it is set.
 */
bool
choose_indexes(List *tables, int key, int hashed, SideOrder *order)
{
	ListCell   *cell;
	ListCell   *index_cell;

	foreach(cell, tables)
	{
		SideTable  *table = lfirst(cell);

		table->index = NULL;
		foreach(index_cell, table->rel->indexlist)
		{
			IndexOptInfo *index = lfirst_node(IndexOptInfo, index_cell);
			AttrNumber	column = 0;

			if (!is_ordered_index(index, table, key, order))
				continue;
			if (hashed != 0)
			{
				column = find_hash_column(index, list_nth(table->values, hashed),
										  order);
				if (column == 0)
					continue;
			}
			if (table->index != NULL && table->index->pages <= index->pages)
				continue;
			table->index = index;
			table->hash_column = column;
		}
		if (table->index == NULL)
			return false;
		order->family = table->index->opfamily[0];
	}
	return true;
}

/*
 * May a clause be evaluated before all other conditions on these tables?
 */
bool
clause_may_come_first(RestrictInfo *clause, List *tables)
{
	ListCell   *cell;

	foreach(cell, tables)
	{
		SideTable  *table = lfirst(cell);

		if (!restriction_is_securely_promotable(clause, table->rel))
			return false;
	}
	return true;
}

/*
 * The comparison of a table's time with what will be known when execution
 * starts, if a condition is one; 0 if it is none.
 */
static int
match_bound(RestrictInfo *info, Node *time, Node **bound)
{
	int			strategy = time_comparison((Node *) info->clause, time, bound);

	if (strategy == 0 || contain_var_clause(*bound) ||
		contain_subplans(*bound) || contain_volatile_functions(*bound))
		return 0;
	return strategy;
}

/*
 * The bounds of a table's time, as places in a list that all tables share.
 */
List *
find_bounds(const SideTable *table, List **strategies, List **bounds)
{
	List	   *places = NIL;
	ListCell   *cell;

	foreach(cell, table->rel->baserestrictinfo)
	{
		Node	   *bound;
		int			strategy = match_bound(lfirst_node(RestrictInfo, cell),
										   linitial(table->values), &bound);
		int			place = 0;

		if (strategy == 0)
			continue;
		while (place < list_length(*bounds) &&
			   (list_nth_int(*strategies, place) != strategy ||
				!equal(list_nth(*bounds, place), bound)))
			place++;
		if (place == list_length(*bounds))
		{
			*strategies = lappend_int(*strategies, strategy);
			*bounds = lappend(*bounds, copyObject(bound));
		}
		places = lappend_int(places, place);
	}
	return places;
}

/*
 * A time as a constant.
 */
Const *
make_time(TimestampTz time)
{
	return makeConst(TIMESTAMPTZOID, -1, InvalidOid, sizeof(TimestampTz),
					 TimestampTzGetDatum(time), false, FLOAT8PASSBYVAL);
}

/*
 * Do entries of the index tell which rows of a table its conditions let through?
 *
 * They do if all of these are bounds of the time, or true of all rows that are in
 * the index.
 */
static bool
has_only_bounds(const SideTable *table)
{
	ListCell   *cell;

	foreach(cell, table->index->indrestrictinfo)
	{
		Node	   *bound;

		if (match_bound(lfirst_node(RestrictInfo, cell), linitial(table->values),
						&bound) == 0)
			return false;
	}
	return true;
}

/*
 * Is a column of a side the time, in all of its tables?
 */
static bool
is_time_column(List *tables, int column)
{
	ListCell   *cell;

	foreach(cell, tables)
	{
		const SideTable *table = lfirst(cell);

		if (!equal(list_nth(table->rel->reltarget->exprs, column),
				   linitial(table->values)))
			return false;
	}
	return true;
}

/*
 * What is asked of a side's rows above the join, if entries of the index have it:
 * an IntList of 1 and the columns that are the time.  If they have not, or rows
 * are needed for a condition, an IntList of 0.
 *
 * The caller knows that the join has no condition but the window and the equality
 * of keys, and has chosen the indexes.
 */
List *
find_entry_columns(PlannerInfo *root, const RelOptInfo *joinrel,
				   const RelOptInfo *side, List *tables)
{
	List	   *asked = pull_var_clause((Node *) joinrel->reltarget->exprs,
										PVC_INCLUDE_PLACEHOLDERS);
	List	   *columns = list_make1_int(1);
	ListCell   *cell;

	foreach(cell, tables)
	{
		if (!has_only_bounds(lfirst(cell)))
			return list_make1_int(0);
	}
	foreach(cell, asked)
	{
		Node	   *expression = lfirst(cell);
		int			column = 0;

		if (!bms_overlap(pull_varnos(root, expression), side->relids))
			continue;
		while (column < list_length(side->reltarget->exprs) &&
			   !equal(list_nth(side->reltarget->exprs, column), expression))
			column++;
		if (column == list_length(side->reltarget->exprs) ||
			!is_time_column(tables, column))
			return list_make1_int(0);
		columns = list_append_unique_int(columns, column);
	}
	return columns;
}
