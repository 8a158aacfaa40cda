/*-------------------------------------------------------------------------
 *
 * path.c
 *	  The windowed join as one of the planner's ways to join.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/tlist.h"

#include "compat.h"
#include "windowjoin/clauses.h"
#include "windowjoin/merge.h"
#include "windowjoin/node.h"
#include "windowjoin/windowjoin.h"

bool		enable_windowjoin = true;

static set_join_pathlist_hook_type previous_hook = NULL;

static Plan *plan_window_join(PlannerInfo *root, RelOptInfo *rel,
							  CustomPath *best_path, List *tlist,
							  List *clauses, List *custom_plans);
static List *reparameterize_window_join(PlannerInfo *root,
										List *custom_private,
										RelOptInfo *child_rel);

static const CustomPathMethods path_methods = {
	.CustomName = WINDOW_JOIN_NAME,
	.PlanCustomPath = plan_window_join,
	.ReparameterizeCustomPathByChild = reparameterize_window_join,
};

static const CustomScanMethods scan_methods = {
	.CustomName = WINDOW_JOIN_NAME,
	.CreateCustomScanState = create_window_join_state,
};

/*
 * Bytes that the table needs for a row of a path.
 */
static Size
stored_row_size(const Path *path)
{
	return window_row_size(MAXALIGN(SizeofMinimalTupleHeader) +
						   path->pathtarget->width);
}

/*
 * Bytes that the table needs for all rows of a path; files need about as much.
 */
static double
stored_bytes(const Path *path)
{
	return path->rows * stored_row_size(path);
}

/*
 * Estimate the cost of a path.
 *
 * Each inner row is put into the table, which includes its part of a sort;
 * each outer row is searched for; each pair that is found is tested.
 */
static void
cost_window_join(PlannerInfo *root, Path *path, const Path *outer,
				 const Path *inner, const WindowJoinClauses *clauses,
				 SpecialJoinInfo *sjinfo)
{
	/* each process searches the rows of all */
	double		table_rows = path->parallel_aware ? inner->parent->rows : inner->rows;
	double		limit = get_hash_memory_limit();
	double		comparisons = log2(Max(table_rows, 2)) * cpu_operator_cost;
	double		pairs;
	QualCost	key_cost;
	QualCost	filter_cost;
	Cost		build;
	Cost		run;

	pairs = outer->rows * table_rows *
		clauselist_selectivity(root, clauses->matching, 0, JOIN_INNER, sjinfo);
	cost_qual_eval(&key_cost, clauses->keys, root);
	cost_qual_eval(&filter_cost, clauses->filters, root);

	build = Max(inner->rows, 2) * (key_cost.per_tuple + cpu_tuple_cost + comparisons);
	run = outer->rows * (key_cost.per_tuple + comparisons) +
		pairs * (filter_cost.per_tuple + cpu_tuple_cost);

	/*
	 * Each row of both sides is written once and read at least once.  That is
	 * as much as to read it from a table, as it is hardly ever from disk.
	 */
	if (stored_bytes(inner) > limit)
	{
		double		pages = (stored_bytes(inner) + stored_bytes(outer)) / BLCKSZ;

		build += seq_page_cost * pages;
	}

	path->startup_cost = inner->total_cost + build + outer->startup_cost +
		key_cost.startup + filter_cost.startup +
		path->pathtarget->cost.startup;
	path->total_cost = path->startup_cost +
		outer->total_cost - outer->startup_cost + run +
		path->rows * path->pathtarget->cost.per_tuple;
}

/*
 * Does a path take parameters from this relation?
 */
static bool
takes_parameters_of(const Path *path, const RelOptInfo *rel)
{
	return bms_overlap(PATH_REQ_OUTER(path), rel->relids) ||
		bms_overlap(PATH_REQ_OUTER(path), rel->top_parent_relids);
}

/*
 * Make a windowed join of two paths; NULL if there can be none.
 */
static CustomPath *
make_window_join(PlannerInfo *root, RelOptInfo *joinrel, Path *outer,
				 Path *inner, Relids required_outer, bool parallel_aware,
				 JoinPathExtraData *extra)
{
	List	   *restrict_clauses = extra->restrictlist;
	CustomPath *path = makeNode(CustomPath);
	WindowJoinClauses clauses;

	path->path.pathtype = T_CustomScan;
	path->path.parent = joinrel;
	path->path.pathtarget = joinrel->reltarget;
	path->path.param_info =
		get_joinrel_parampathinfo(root, joinrel, outer, inner, extra->sjinfo,
								  required_outer, &restrict_clauses);
	path->path.rows = path->path.param_info != NULL ?
		path->path.param_info->ppi_rows : joinrel->rows;
	path->path.parallel_aware = parallel_aware;
	path->path.parallel_safe = joinrel->consider_parallel &&
		outer->parallel_safe && inner->parallel_safe;
	path->path.parallel_workers = outer->parallel_workers;
	set_disabled_nodes(&path->path, outer, inner);
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->custom_paths = list_make2(outer, inner);
	set_custom_clauses(path, restrict_clauses);
	path->methods = &path_methods;

	if (!window_classify_clauses(root, restrict_clauses, outer->parent->relids,
								 inner->parent->relids, &clauses))
		return NULL;

	/* the rows of one process, in the proportion of the outer ones */
	if (path->path.parallel_workers > 0)
		path->path.rows = clamp_row_est(path->path.rows * outer->rows /
										Max(outer->parent->rows, 1));
	cost_window_join(root, &path->path, outer, inner, &clauses, extra->sjinfo);
	return path;
}

/*
 * Add a windowed join of two paths.
 */
static void
try_window_join(PlannerInfo *root, RelOptInfo *joinrel, Path *outer,
				Path *inner, JoinPathExtraData *extra)
{
	Relids		required_outer;
	CustomPath *path;

	if (takes_parameters_of(outer, inner->parent) ||
		takes_parameters_of(inner, outer->parent))
		return;

	required_outer = calc_non_nestloop_required_outer(outer, inner);
	if (required_outer != NULL &&
		!bms_overlap(required_outer, extra->param_source_rels))
		return;

	path = make_window_join(root, joinrel, outer, inner, required_outer, false,
							extra);
	if (path != NULL)
		add_path(joinrel, &path->path);
}

/*
 * Add windowed joins that several processes share: of parts of both sides, or
 * of parts of the outer one and all of the inner one, which suits a small one.
 */
static void
try_partial_window_joins(PlannerInfo *root, RelOptInfo *joinrel,
						 RelOptInfo *outerrel, RelOptInfo *innerrel,
						 JoinPathExtraData *extra)
{
	Path	   *outer;
	Path	   *inner;
	CustomPath *path;

	if (!joinrel->consider_parallel || outerrel->partial_pathlist == NIL ||
		!bms_is_empty(joinrel->lateral_relids))
		return;
	outer = linitial(outerrel->partial_pathlist);

	inner = get_cheapest_parallel_safe_total_inner(innerrel->pathlist);
	if (inner != NULL)
	{
		path = make_window_join(root, joinrel, outer, inner, NULL, false, extra);
		if (path != NULL)
			add_partial_path(joinrel, &path->path);
	}

	if (innerrel->partial_pathlist != NIL)
	{
		inner = linitial(innerrel->partial_pathlist);
		path = make_window_join(root, joinrel, outer, inner, NULL, true, extra);
		if (path != NULL)
			add_partial_path(joinrel, &path->path);
	}
}

/*
 * Paths of one side that are worth trying: the cheapest, and those that take
 * parameters from further out.
 */
static List *
candidate_paths(RelOptInfo *rel)
{
	List	   *paths = list_copy(rel->cheapest_parameterized_paths);

	if (rel->cheapest_total_path != NULL)
		paths = list_append_unique_ptr(paths, rel->cheapest_total_path);
	return paths;
}

/*
 * Add windowed joins of paths of both sides.
 */
static void
try_window_joins(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outerrel,
				 RelOptInfo *innerrel, JoinPathExtraData *extra)
{
	ListCell   *outer;
	ListCell   *inner;

	foreach(outer, candidate_paths(outerrel))
	{
		foreach(inner, candidate_paths(innerrel))
			try_window_join(root, joinrel, lfirst(outer), lfirst(inner), extra);
	}
	try_partial_window_joins(root, joinrel, outerrel, innerrel, extra);
}

/*
 * set_join_pathlist_hook: add windowed joins to the paths of a join.
 */
static void
add_window_joins(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outerrel,
				 RelOptInfo *innerrel, JoinType jointype,
				 JoinPathExtraData *extra)
{
	if (previous_hook != NULL)
		previous_hook(root, joinrel, outerrel, innerrel, jointype, extra);

	if (!enable_windowjoin || (jointype != JOIN_INNER && jointype != JOIN_SEMI) ||
		!window_has_window(root, outerrel, innerrel, extra))
		return;

	if (jointype == JOIN_INNER)
		try_window_joins(root, joinrel, outerrel, innerrel, extra);
	window_merge_add_path(root, joinrel, outerrel, innerrel, jointype, extra);
}

/*
 * ReparameterizeCustomPathByChild: have the clauses take the parameters of a
 * partition that they take of the partitioned table.
 *
 * Core does the same to the paths of both sides.
 */
static List *
reparameterize_window_join(PlannerInfo *root, List *custom_private,
						   RelOptInfo *child_rel)
{
	return (List *) adjust_to_partition(root, (Node *) custom_private, child_rel);
}

/*
 * PlanCustomPath: make the plan of a path.
 */
static Plan *
plan_window_join(PlannerInfo *root, RelOptInfo *rel, CustomPath *best_path,
				 List *tlist, List *clauses, List *custom_plans)
{
	Path	   *outer = linitial(best_path->custom_paths);
	Path	   *inner = lsecond(best_path->custom_paths);
	Plan	   *outer_plan = linitial(custom_plans);
	Plan	   *inner_plan = lsecond(custom_plans);
	CustomScan *scan = makeNode(CustomScan);
	WindowJoinClauses join;

	(void) rel;
	/* versions before 17 have no clauses for a join */
	(void) clauses;
	if (!window_classify_clauses(root, best_path->custom_private,
								 outer->parent->relids, inner->parent->relids, &join))
		elog(ERROR, "windowed join without a window");

	scan->scan.plan.targetlist = tlist;
	scan->scan.scanrelid = 0;
	scan->flags = best_path->flags;
	scan->custom_plans = custom_plans;
	scan->custom_exprs = list_concat(list_make1(copyObject(join.window)),
									 join.keys);
	scan->custom_exprs = list_concat(scan->custom_exprs,
									 window_order_filters(root, join.filters));
	scan->custom_private = list_make4(makeInteger(join.inner_is_event),
									  makeInteger(list_length(outer_plan->targetlist)),
									  makeInteger(list_length(join.keys)),
									  makeInteger(stored_row_size(inner)));
	scan->custom_scan_tlist = window_joined_tlist(get_tlist_exprs(outer_plan->targetlist, true),
												  get_tlist_exprs(inner_plan->targetlist, true));
	scan->methods = &scan_methods;
	return &scan->scan.plan;
}

/*
 * Have the planner consider windowed joins from now on.
 */
void
window_join_install_hook(void)
{
	if (GetCustomScanMethods(WINDOW_JOIN_NAME, true) != NULL)
		return;
	RegisterCustomScanMethods(&scan_methods);
	window_merge_register();
	previous_hook = set_join_pathlist_hook;
	set_join_pathlist_hook = add_window_joins;
}
