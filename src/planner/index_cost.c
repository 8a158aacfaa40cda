/*-------------------------------------------------------------------------
 *
 * index_cost.c
 *	  The cost of searching an index for the rows within a window.
 *
 * A nested loop that searches an index on (key, time) for each outer row is
 * what the windowed join competes with.  The planner costs a search from the
 * comparisons with values of the outer row, of which it knows nothing:  it
 * takes the time for a third of a third of all rows, however long the window,
 * and the key for one that is as common as any other, though outer rows come
 * mostly with the keys that are common on the inner side too.
 *
 * Both are known for the join.  So the estimate of the index is asked for the
 * cost with the selectivities that the conditions have as a join's.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_am.h"
#include "nodes/pathnodes.h"
#include "optimizer/optimizer.h"
#include "utils/index_selfuncs.h"

#include "compat.h"
#include "planner/planner.h"

/*
 * To visit a page of a table in the cache.  Core takes 50 * cpu_operator_cost
 * for one of an index; those of a table are more, and further apart.
 */
#define CACHED_PAGE_COST	(60 * cpu_operator_cost)

static relation_hook_type previous_hook = NULL;

/*
 * A condition on an index that counts for so much, as if it were about the
 * relation alone: then the planner takes the selectivity that is there.
 */
static RestrictInfo *
with_selectivity(RestrictInfo *condition, Relids relids,
				 Selectivity selectivity)
{
	RestrictInfo *known = makeNode(RestrictInfo);

	*known = *condition;
	set_clause_relids(known, relids);
	known->norm_selec = selectivity;
	return known;
}

/*
 * The conditions that are made from one clause, which together have the
 * clause's selectivity.
 */
static IndexClause *
with_join_selectivity(PlannerInfo *root, IndexClause *clause, Relids relids)
{
	IndexClause *known = makeNode(IndexClause);
	SpecialJoinInfo inner_join = {
		.type = T_SpecialJoinInfo,
		.min_lefthand = bms_difference(clause->rinfo->clause_relids, relids),
		.min_righthand = relids,
		.jointype = JOIN_INNER,
	};
	Selectivity selectivity;
	ListCell   *cell;

	inner_join.syn_lefthand = inner_join.min_lefthand;
	inner_join.syn_righthand = inner_join.min_righthand;
	selectivity = window_clause_selectivity(root, clause->rinfo, &inner_join);

	*known = *clause;
	known->indexquals = NIL;
	foreach(cell, clause->indexquals)
	{
		known->indexquals = lappend(known->indexquals,
									with_selectivity(lfirst(cell), relids,
													 selectivity));
		selectivity = 1;
	}
	return known;
}

/*
 * The clauses of an index path, with what is known of them; NIL unless they
 * search for the rows within the window of an outer row.
 */
static List *
known_clauses(PlannerInfo *root, const IndexPath *path)
{
	Relids		relids = path->indexinfo->rel->relids;
	List	   *clauses = NIL;
	bool		has_window = false;
	ListCell   *cell;

	foreach(cell, path->indexclauses)
	{
		IndexClause *clause = lfirst_node(IndexClause, cell);

		if (is_within_call((Node *) clause->rinfo->clause) &&
			!bms_is_subset(clause->rinfo->clause_relids, relids))
			has_window = true;
	}
	if (!has_window)
		return NIL;

	foreach(cell, path->indexclauses)
	{
		IndexClause *clause = lfirst_node(IndexClause, cell);

		if (!bms_is_subset(clause->rinfo->clause_relids, relids))
			clause = with_join_selectivity(root, clause, relids);
		clauses = lappend(clauses, clause);
	}
	return clauses;
}

/*
 * amcostestimate of a btree index: core's, by what is known of a search for the
 * rows within a window.
 *
 * Core counts only the first visit to a page of the table, which might have to
 * read it.  But to find a page in the cache takes time as well, and many
 * searches come back to the same pages over and over again.
 */
static void
cost_window_search(PlannerInfo *root, IndexPath *path, double loop_count,
				   Cost *startup_cost, Cost *total_cost,
				   Selectivity *selectivity, double *correlation,
				   double *pages)
{
	List	   *clauses = known_clauses(root, path);
	IndexPath	known = *path;

	if (clauses != NIL)
		known.indexclauses = clauses;
	btcostestimate(root, &known, loop_count, startup_cost, total_cost,
				   selectivity, correlation, pages);
	if (clauses != NIL && path->path.pathtype != T_IndexOnlyScan)
		*total_cost += *selectivity * path->indexinfo->rel->tuples *
			CACHED_PAGE_COST;
}

/*
 * relation_hook: have the cost of searching btree indexes estimated here.
 */
static void
replace_cost_estimate(RELATION_HOOK_PARAMETERS)
{
	ListCell   *cell;

	if (previous_hook != NULL)
		previous_hook(RELATION_HOOK_ARGUMENTS);

	foreach(cell, rel->indexlist)
	{
		IndexOptInfo *index = lfirst_node(IndexOptInfo, cell);

		if (index->relam == BTREE_AM_OID &&
			index->amcostestimate == btcostestimate)
			index->amcostestimate = cost_window_search;
	}
}

/*
 * Have the cost of such searches estimated right from now on.
 */
void
index_cost_install_hook(void)
{
	previous_hook = relation_hook;
	relation_hook = replace_cost_estimate;
}
