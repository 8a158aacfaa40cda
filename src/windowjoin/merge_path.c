/*-------------------------------------------------------------------------
 *
 * merge_path.c
 *	  The windowed join by a merge of indexes as one of the planner's paths.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/nbtree.h"
#include "access/stratnum.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "utils/lsyscache.h"
#include "utils/spccache.h"

#include "compat.h"
#include "windowjoin/clauses.h"
#include "windowjoin/merge.h"
#include "windowjoin/merge_tables.h"
#include "windowjoin/node.h"

/*
 * To visit a page of a table in the cache: half as much as in
 * planner/index_cost.c, as rows are fetched in the order in which they lie.
 */
#define CACHED_PAGE_COST	(30 * cpu_operator_cost)

/* The members of a path's custom_private */
typedef enum PathPrivate
{
	PATH_CLAUSES,				/* List of RestrictInfos */
	PATH_NUMBERS,				/* IntList: key, hashed, outer tables, and 1
								 * if it is a semi-join */
	PATH_ORDER,					/* as in a plan, */
	PATH_TABLES,				/* and this too */
	PATH_BOUNDS,				/* List of strategies and bounds */
	PATH_SIDES,					/* List of both RelOptInfos */
	PATH_RANGES,				/* as in a plan, */
	PATH_ENTRY_COLUMNS,			/* and this, */
	PATH_SLICES					/* and this */
} PathPrivate;

/* A way to merge: which equality is the key, and which is hashed */
typedef struct MergeChoice
{
	int			key;			/* places among the keys, from 1 */
	int			hashed;			/* 0 if none is */
	bool		is_semi;
	List	   *entry_columns[2];	/* as find_entry_columns() has them */
	List	   *slices;			/* as find_slices() has them */
	double		tables_at_once; /* that are merged in a slice */
	double		reading;		/* times that each entry is read */
	SideOrder	orders[2];
	List	   *tables[2];		/* SideTables */
	RelOptInfo *rels[2];
	KeyFrequencies *frequencies[2];
} MergeChoice;

/* What is estimated of a side */
typedef struct SideEstimate
{
	double		entries;
	double		rows;			/* that its conditions let through */
	double		fetched;
	const KeyFrequencies *frequencies;
	bool		from_entries;	/* but for those that are not known to be
								 * visible */
} SideEstimate;

bool		enable_windowmerge = true;

static Plan *plan_window_merge(PlannerInfo *root, RelOptInfo *rel,
							   CustomPath *best_path, List *tlist,
							   List *clauses, List *custom_plans);

static const CustomPathMethods path_methods = {
	.CustomName = WINDOW_MERGE_NAME,
	.PlanCustomPath = plan_window_merge,
};

static const CustomScanMethods scan_methods = {
	.CustomName = WINDOW_MERGE_NAME,
	.CreateCustomScanState = create_window_merge_state,
};

/*
 * The time and the keys of one side.
 */
static List *
side_values(const WindowJoinClauses *clauses, MergeSide side)
{
	bool		is_event = (side == MERGE_INNER) == clauses->inner_is_event;
	List	   *values = list_make1(is_event ? linitial(clauses->window->args) :
									lsecond(clauses->window->args));
	ListCell   *cell;

	foreach(cell, clauses->keys)
	{
		OpExpr	   *equality = lfirst_node(OpExpr, cell);

		values = lappend(values, side == MERGE_OUTER ? linitial(equality->args) :
						 lsecond(equality->args));
	}
	return values;
}

/*
 * What the indexes have to have for a choice of key and hash.
 */
static void
init_orders(const WindowJoinClauses *clauses, MergeChoice *choice)
{
	OpExpr	   *key = list_nth_node(OpExpr, clauses->keys, choice->key - 1);
	SideOrder  *outer = &choice->orders[MERGE_OUTER];
	SideOrder  *inner = &choice->orders[MERGE_INNER];

	memset(choice->orders, 0, sizeof(choice->orders));
	op_input_types(key->opno, &outer->type, &inner->type);
	outer->equality = key->opno;
	inner->equality = get_commutator(key->opno);
	outer->collation = inner->collation = key->inputcollid;
	if (choice->hashed != 0)
	{
		OpExpr	   *hashed = list_nth_node(OpExpr, clauses->keys,
										   choice->hashed - 1);

		(void) get_op_hash_functions(hashed->opno, &outer->hash_function,
									 &inner->hash_function);
		outer->hash_collation = inner->hash_collation = hashed->inputcollid;
	}
}

/*
 * Can the keys of both sides be compared with each other?
 */
static bool
is_comparable(const MergeChoice *choice)
{
	Oid			family = choice->orders[MERGE_OUTER].family;
	Oid			outer = choice->orders[MERGE_OUTER].type;
	Oid			inner = choice->orders[MERGE_INNER].type;

	return OidIsValid(get_opfamily_proc(family, outer, inner, BTORDER_PROC)) &&
		OidIsValid(get_opfamily_member(family, outer, outer, BTLessStrategyNumber)) &&
		OidIsValid(get_opfamily_member(family, inner, inner, BTLessStrategyNumber));
}

/*
 * Find indexes for a choice of key and hash.
 */
static bool
find_indexes(const WindowJoinClauses *clauses, MergeChoice *choice)
{
	init_orders(clauses, choice);
	for (MergeSide side = MERGE_OUTER; side <= MERGE_INNER; side++)
	{
		List	   *tables = choice->tables[side];

		if (!clause_may_come_first(list_nth(clauses->key_infos, choice->key - 1),
								   tables) ||
			(choice->hashed != 0 &&
			 !clause_may_come_first(list_nth(clauses->key_infos, choice->hashed - 1),
									tables)))
			return false;
		if (side == MERGE_INNER)
			choice->orders[side].family = choice->orders[MERGE_OUTER].family;
		if (!choose_indexes(tables, choice->key, choice->hashed,
							&choice->orders[side]))
			return false;
	}
	return is_comparable(choice);
}

/*
 * Find a way to merge, with a hash if there is one; false if there is none.
 */
static bool
find_choice(const WindowJoinClauses *clauses, MergeChoice *choice)
{
	int			keys = list_length(clauses->keys);

	for (choice->key = 1; choice->key <= keys; choice->key++)
	{
		for (choice->hashed = keys; choice->hashed >= 0; choice->hashed--)
		{
			if (choice->hashed != choice->key && find_indexes(clauses, choice))
				return true;
		}
	}
	return false;
}

/*
 * The clauses that are compared in the entries.
 */
static List *
entry_clauses(const WindowJoinClauses *clauses, const MergeChoice *choice)
{
	List	   *compared = list_copy(clauses->matching);
	ListCell   *cell;

	foreach(cell, clauses->key_infos)
	{
		int			key = foreach_current_index(cell) + 1;

		if (key != choice->key && key != choice->hashed)
			compared = list_delete_ptr(compared, lfirst(cell));
	}
	return compared;
}

/*
 * Estimate what is read of a side's indexes.
 */
static void
estimate_entries(const MergeChoice *choice, MergeSide side,
				 SideEstimate *estimate)
{
	ListCell   *cell;

	memset(estimate, 0, sizeof(SideEstimate));
	foreach(cell, choice->tables[side])
	{
		SideTable  *table = lfirst(cell);

		estimate->entries += table->index->tuples;
		estimate->rows += table->rel->rows;
	}
	estimate->entries = Max(estimate->entries, 1);
	estimate->rows = Min(estimate->rows, estimate->entries);
	estimate->from_entries = linitial_int(choice->entry_columns[side]) != 0;
	estimate->frequencies = choice->frequencies[side];
}

/*
 * Find out of which sides the entries say all that is asked for.  The hash of
 * another equality does not say that it is true.
 */
static void
choose_entry_columns(PlannerInfo *root, const RelOptInfo *joinrel,
					 const WindowJoinClauses *clauses, MergeChoice *choice)
{
	bool		possible = list_length(clauses->keys) == 1 && clauses->filters == NIL;

	for (MergeSide side = MERGE_OUTER; side <= MERGE_INNER; side++)
		choice->entry_columns[side] = !possible ? list_make1_int(0) :
			find_entry_columns(root, joinrel, choice->rels[side],
							   choice->tables[side]);
}

/*
 * Estimate how many of a side's rows are in pairs.
 */
static double
rows_in_pairs(const SideEstimate *side, double likeness, double pairs)
{
	return entries_in_pairs(side->frequencies, likeness, side->entries, pairs);
}

/*
 * Estimate the rows to be fetched: those of the side that has fewer, and of the
 * other side those that still have a partner.
 */
static void
estimate_fetches(SideEstimate *outer, SideEstimate *inner, double likeness,
				 double pairs)
{
	double		outer_rows = rows_in_pairs(outer, likeness, pairs);
	double		inner_rows = rows_in_pairs(inner, likeness, pairs);

	if (outer_rows <= inner_rows)
	{
		outer->fetched = outer_rows;
		inner->fetched = rows_in_pairs(inner, likeness,
									   pairs * outer->rows / outer->entries);
	}
	else
	{
		inner->fetched = inner_rows;
		outer->fetched = rows_in_pairs(outer, likeness,
									   pairs * inner->rows / inner->entries);
	}
}

/*
 * The cost of fetching rows of a table, in the order in which they lie, in so
 * many batches.
 *
 * A page that a later batch visits again is in the cache, if all tables fit.
 */
static Cost
fetch_cost(PlannerInfo *root, const SideTable *table, double rows,
		   double batches)
{
	RelOptInfo *rel = table->rel;
	double		pages = Max(rel->pages, 1);
	double		in_batch = rows / batches;
	double		visited = Min(2 * pages * in_batch / (2 * pages + in_batch), pages);
	double		read = visited * batches;
	QualCost	qual_cost;
	double		random;
	double		sequential;
	double		page_cost;
	Cost		cost;

	get_tablespace_page_costs(rel->reltablespace, &random, &sequential);
	page_cost = visited < 2 ? random :
		random - (random - sequential) * sqrt(visited / pages);
	if (root->total_table_pages <= effective_cache_size)
		read = Min(read, pages);
	cost = read * page_cost + (visited * batches - read) * CACHED_PAGE_COST;

	cost_qual_eval(&qual_cost, rel->baserestrictinfo, root);
	return cost + qual_cost.startup + rel->reltarget->cost.startup +
		rows * (cpu_tuple_cost + CACHED_PAGE_COST + qual_cost.per_tuple +
				rel->reltarget->cost.per_tuple);
}

/*
 * The path of a table's index scan, with its part of the cost.
 *
 * Entries are divided among processes or read by each, rows always divided.
 */
static Path *
make_table_path(PlannerInfo *root, const SideTable *table,
				const SideEstimate *side, double batches, double processes,
				bool divided)
{
	IndexOptInfo *index = table->index;
	IndexPath  *path = create_index_path(root, index, NIL, NIL, NIL, NIL,
										 ForwardScanDirection, false, NULL, 1,
										 false);
	double		rows = side->fetched * index->tuples / side->entries / processes;
	double		random;

	/*
	 * enable_indexscan is about other scans than this, which is never
	 * executed
	 */
	clear_disabled_nodes(&path->path);
	get_tablespace_page_costs(index->reltablespace, &random, NULL);
	path->path.startup_cost = 0;
	path->path.total_cost = random * index->pages +
		index->tuples * (cpu_index_tuple_cost + 2 * cpu_operator_cost);
	if (side->from_entries)
		path->path.total_cost += index->tuples * cpu_operator_cost;
	if (divided)
		path->path.total_cost /= processes;
	path->path.total_cost +=
		fetch_cost(root, table,
				   side->from_entries ? rows * (1 - table->rel->allvisfrac) : rows,
				   batches);
	path->path.rows = clamp_row_est(rows * side->rows / side->entries);
	return &path->path;
}

/*
 * Set the cost of a path, and make those of the tables.
 */
static void
cost_window_merge(PlannerInfo *root, CustomPath *path,
				  const WindowJoinClauses *clauses, const MergeChoice *choice,
				  double processes, bool divided, JoinPathExtraData *extra)
{
	SideEstimate sides[2];
	QualCost	filter_cost;
	SpecialJoinInfo inner_join = *extra->sjinfo;
	double		pairs;
	double		likeness;
	double		bytes = 0;
	double		batches;
	int			tables = 0;
	Cost		cost = 0;
	ListCell   *cell;

	for (MergeSide side = MERGE_OUTER; side <= MERGE_INNER; side++)
	{
		estimate_entries(choice, side, &sides[side]);
		tables += list_length(choice->tables[side]);
	}
	/* pairs are those of an inner join, whatever is returned of them */
	inner_join.jointype = JOIN_INNER;
	pairs = sides[MERGE_OUTER].entries * sides[MERGE_INNER].entries *
		clauselist_selectivity(root, entry_clauses(clauses, choice), 0,
							   JOIN_INNER, &inner_join);
	if (choice->is_semi && sides[MERGE_INNER].from_entries)
		pairs = Min(pairs, sides[MERGE_OUTER].entries);
	likeness = key_likeness(sides[MERGE_OUTER].frequencies, sides[MERGE_INNER].frequencies,
							clause_selectivity(root, list_nth(clauses->key_infos, choice->key - 1),
											   0, JOIN_INNER, &inner_join));
	estimate_fetches(&sides[MERGE_OUTER], &sides[MERGE_INNER], likeness, pairs);
	for (MergeSide side = MERGE_OUTER; side <= MERGE_INNER; side++)
		bytes += sides[side].fetched *
			(choice->rels[side]->reltarget->width + sizeof(MergeRow) +
			 SizeofMinimalTupleHeader);
	batches = ceil((bytes + 1) / (get_hash_memory_limit() * 0.75 * processes));

	for (MergeSide side = MERGE_OUTER; side <= MERGE_INNER; side++)
	{
		foreach(cell, choice->tables[side])
		{
			Path	   *table = make_table_path(root, lfirst(cell), &sides[side],
												batches, processes, divided);

			path->custom_paths = lappend(path->custom_paths, table);
			cost += table->total_cost;
			path->path.parallel_safe &= table->parallel_safe;
		}
		cost += sides[side].entries / (divided ? processes : 1) * choice->reading *
			log2(choice->tables_at_once) * cpu_operator_cost / 2;
	}
	cost_qual_eval(&filter_cost, clauses->filters, root);
	cost += pairs / processes * (filter_cost.per_tuple + cpu_tuple_cost);

	path->path.startup_cost = filter_cost.startup + tables * cpu_tuple_cost +
		path->path.pathtarget->cost.startup;
	path->path.total_cost = path->path.startup_cost + cost +
		path->path.rows * path->path.pathtarget->cost.per_tuple;
}

/*
 * Remember how to make the plan: the clauses, as for other windowed joins, and
 * what was chosen.
 */
static List *
remember_choice(const MergeChoice *choice, List *restrict_clauses, List *ranges)
{
	const SideOrder *outer = &choice->orders[MERGE_OUTER];
	const SideOrder *inner = &choice->orders[MERGE_INNER];
	List	   *descriptions = NIL;
	List	   *strategies = NIL;
	List	   *bounds = NIL;
	ListCell   *cell;

	for (MergeSide side = MERGE_OUTER; side <= MERGE_INNER; side++)
	{
		foreach(cell, choice->tables[side])
		{
			SideTable  *table = lfirst(cell);

			descriptions = lappend(descriptions,
								   list_make4(makeInteger(table->hash_column),
											  make_time(table->first),
											  make_time(table->last),
											  find_bounds(table, &strategies, &bounds)));
		}
	}
	return list_concat(list_make5(restrict_clauses,
								  list_make4_int(choice->key, choice->hashed,
												 list_length(choice->tables[MERGE_OUTER]),
												 choice->is_semi),
								  list_make4_oid(outer->family, outer->type,
												 inner->type, outer->collation),
								  descriptions, list_make2(strategies, bounds)),
					   list_make4(list_make2(choice->rels[MERGE_OUTER],
											 choice->rels[MERGE_INNER]),
								  ranges,
								  list_make2(choice->entry_columns[MERGE_OUTER],
											 choice->entry_columns[MERGE_INNER]),
								  choice->slices));
}

/*
 * Make the path of a choice, for one process or for those that "workers" are with
 * the leader.
 */
static CustomPath *
make_window_merge(PlannerInfo *root, RelOptInfo *joinrel,
				  const WindowJoinClauses *clauses, const MergeChoice *choice,
				  int workers, JoinPathExtraData *extra)
{
	CustomPath *path = makeNode(CustomPath);
	double		processes = 1;
	List	   *ranges = NIL;
	bool		divided;

	/* the leader has ever less time for it, as in core's get_parallel_divisor */
	if (workers > 0)
		processes = workers + (parallel_leader_participation ?
							   Max(1 - 0.3 * workers, 0) : 0);
	path->path.pathtype = T_CustomScan;
	path->path.parent = joinrel;
	path->path.pathtarget = joinrel->reltarget;
	path->path.rows = clamp_row_est(joinrel->rows / processes);
	path->path.parallel_safe = joinrel->consider_parallel;
	path->path.parallel_aware = workers > 0;
	path->path.parallel_workers = workers;
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->methods = &path_methods;
	set_custom_clauses(path, extra->restrictlist);
	divided = list_length(choice->slices) + 1 >= (workers + 1) * SHARES_PER_PROCESS;
	if (workers > 0 && !divided)
		ranges = find_key_ranges(root, choice->tables, choice->orders,
								 choice->key, (workers + 1) * SHARES_PER_PROCESS);
	cost_window_merge(root, path, clauses, choice, processes,
					  divided || ranges != NIL, extra);
	path->custom_private = remember_choice(choice, extra->restrictlist, ranges);
	return path;
}

/*
 * As many workers as the indexes of a choice are worth, and both sides are to be
 * read by.
 */
static int
count_workers(const MergeChoice *choice)
{
	int			workers = max_parallel_workers_per_gather;
	double		pages = 0;
	ListCell   *cell;

	for (MergeSide side = MERGE_OUTER; side <= MERGE_INNER; side++)
	{
		foreach(cell, choice->tables[side])
			pages += ((SideTable *) lfirst(cell))->index->pages;
	}
	for (MergeSide side = MERGE_OUTER; side <= MERGE_INNER; side++)
		workers = compute_parallel_worker(choice->rels[side], -1, pages, workers);
	return workers;
}

/*
 * Add the paths of a choice.
 */
static void
add_window_merges(PlannerInfo *root, RelOptInfo *joinrel,
				  const WindowJoinClauses *clauses, const MergeChoice *choice,
				  JoinPathExtraData *extra)
{
	CustomPath *path = make_window_merge(root, joinrel, clauses, choice, 0, extra);
	int			workers = path->path.parallel_safe ? count_workers(choice) : 0;

	add_path(joinrel, &path->path);
	if (workers > 0 && may_read_at_once(choice->tables, workers + 1))
		add_partial_path(joinrel, &make_window_merge(root, joinrel, clauses,
													 choice, workers, extra)->path);
}

/*
 * Might rows be checked again once they are locked, which takes a scan of its
 * own for each table?
 */
static bool
may_recheck_locked_rows(PlannerInfo *root)
{
	return root->rowMarks != NIL ||
		(root->parse->resultRelation != 0 &&
		 root->parse->commandType != CMD_INSERT);
}

/*
 * May a join be of this type?
 *
 * Sides of an inner join are called outer and inner as for other joins, but are
 * alike; so one order of them will do.  From version 19 on, the planner takes a
 * semi-join for an inner join with the distinct rows of one side, which are not
 * those of its tables.
 */
static bool
is_join_type(const RelOptInfo *outer, const RelOptInfo *inner, JoinType jointype,
			 const SpecialJoinInfo *sjinfo)
{
	if (jointype == JOIN_INNER)
		return outer->relid < inner->relid && sjinfo->jointype == JOIN_INNER;
	return jointype == JOIN_SEMI;
}

/*
 * Add a merge of indexes to the paths of a join, if there is one.
 */
void
window_merge_add_path(PlannerInfo *root, RelOptInfo *joinrel,
					  RelOptInfo *outer, RelOptInfo *inner,
					  JoinType jointype, JoinPathExtraData *extra)
{
	WindowJoinClauses clauses;
	MergeChoice choice;

	if (!enable_windowmerge || !IS_SIMPLE_REL(outer) || !IS_SIMPLE_REL(inner) ||
		!is_join_type(outer, inner, jointype, extra->sjinfo) ||
	/* then a row may go whose entry was read, without an error */
		OldSnapshotThresholdActive() ||
		!bms_is_empty(joinrel->lateral_relids) ||
		!bms_is_empty(outer->lateral_relids) ||
		!bms_is_empty(inner->lateral_relids) ||
		may_recheck_locked_rows(root) ||
		!window_classify_clauses(root, extra->restrictlist, outer->relids,
								 inner->relids, &clauses) ||
		clauses.keys == NIL)
		return;

	memset(&choice, 0, sizeof(choice));
	choice.rels[MERGE_OUTER] = outer;
	choice.rels[MERGE_INNER] = inner;
	for (MergeSide side = MERGE_OUTER; side <= MERGE_INNER; side++)
	{
		choice.tables[side] = find_side_tables(root, choice.rels[side],
											   side_values(&clauses, side));
		if (choice.tables[side] == NIL)
			return;
	}
	if (!may_read_at_once(choice.tables, 1) || !find_choice(&clauses, &choice))
		return;
	choice.is_semi = jointype == JOIN_SEMI;
	choose_entry_columns(root, joinrel, &clauses, &choice);
	for (MergeSide side = MERGE_OUTER; side <= MERGE_INNER; side++)
		choice.frequencies[side] = find_key_frequencies(root, choice.tables[side], choice.key);
	choice.slices = find_slices(root, choice.tables, clauses.window,
								!clauses.inner_is_event, &choice.tables_at_once,
								&choice.reading);
	add_window_merges(root, joinrel, &clauses, &choice, extra);
}

/*
 * The equalities: the key, the hashed one, and all others.
 */
static List *
order_equalities(const WindowJoinClauses *clauses, int key, int hashed)
{
	List	   *first = list_make1(list_nth(clauses->keys, key - 1));
	List	   *others = NIL;
	ListCell   *cell;

	if (hashed != 0)
		first = lappend(first, list_nth(clauses->keys, hashed - 1));
	foreach(cell, clauses->keys)
	{
		int			i = foreach_current_index(cell) + 1;

		if (i != key && i != hashed)
			others = lappend(others, lfirst(cell));
	}
	return list_concat(first, others);
}

/*
 * PlanCustomPath: make the plan of a path.
 */
static Plan *
plan_window_merge(PlannerInfo *root, RelOptInfo *rel, CustomPath *best_path,
				  List *tlist, List *clauses, List *custom_plans)
{
	CustomScan *scan = makeNode(CustomScan);
	List	   *numbers = list_nth(best_path->custom_private, PATH_NUMBERS);
	List	   *bounds = list_nth(best_path->custom_private, PATH_BOUNDS);
	List	   *sides = list_nth(best_path->custom_private, PATH_SIDES);
	RelOptInfo *outer = linitial(sides);
	RelOptInfo *inner = lsecond(sides);
	WindowJoinClauses join;
	List	   *equalities;

	(void) rel;
	/* versions before 17 have no clauses for a join */
	(void) clauses;
	if (!window_classify_clauses(root, linitial(best_path->custom_private),
								 outer->relids, inner->relids, &join))
		elog(ERROR, "windowed join without a window");
	equalities = order_equalities(&join, linitial_int(numbers), lsecond_int(numbers));

	scan->scan.plan.targetlist = tlist;
	scan->scan.scanrelid = 0;
	scan->flags = best_path->flags;
	scan->custom_plans = custom_plans;
	scan->custom_exprs = list_concat(list_make1(copyObject(join.window)),
									 equalities);
	scan->custom_exprs = list_concat(scan->custom_exprs, lsecond(bounds));
	scan->custom_exprs = list_concat(scan->custom_exprs,
									 window_order_filters(root, join.filters));
	scan->custom_private = list_make5(makeInteger(!join.inner_is_event),
									  makeInteger(list_length(outer->reltarget->exprs)),
									  makeInteger(list_length(equalities)),
									  makeInteger(lsecond_int(numbers) != 0),
									  makeInteger(lthird_int(numbers)));
	scan->custom_private = list_concat(scan->custom_private,
									   list_make4(list_nth(best_path->custom_private, PATH_ORDER),
												  list_nth(best_path->custom_private, PATH_TABLES),
												  linitial(bounds),
												  list_nth(best_path->custom_private, PATH_RANGES)));
	scan->custom_private = list_concat(scan->custom_private,
									   list_make3(makeInteger(lfourth_int(numbers)),
												  list_nth(best_path->custom_private,
														   PATH_ENTRY_COLUMNS),
												  list_nth(best_path->custom_private,
														   PATH_SLICES)));
	scan->custom_scan_tlist = window_joined_tlist(outer->reltarget->exprs,
												  inner->reltarget->exprs);
	scan->methods = &scan_methods;
	return &scan->scan.plan;
}

/*
 * Make plans of this kind known to copies of them.
 */
void
window_merge_register(void)
{
	RegisterCustomScanMethods(&scan_methods);
}
