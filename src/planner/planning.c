/*-------------------------------------------------------------------------
 *
 * planning.c
 *	  What is found out about a query's relations while it is planned.
 *
 * Each partition's index is costed with the other side of a join as a whole.
 * What is known of a table with all of its partitions is therefore kept until
 * the query is planned, or planning would take the square of their number.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "planner/planner.h"

/* Queries that are being planned, the last one first; subqueries are some, too */
static List *plannings = NIL;

/*
 * Callback: the memory of a query that was planned is about to be freed.
 */
static void
forget_planning(void *planning)
{
	plannings = list_delete_ptr(plannings, planning);
}

/*
 * Begin to keep what is found out about a query.
 */
static Planning *
make_planning(PlannerInfo *root)
{
	MemoryContext caller = MemoryContextSwitchTo(root->planner_cxt);
	Planning   *planning = palloc0(sizeof(Planning));
	MemoryContextCallback *callback = palloc0(sizeof(MemoryContextCallback));
	ListCell   *cell;

	planning->root = root;
	planning->relations = root->simple_rel_array;
	planning->relids = root->simple_rel_array_size;
	planning->children = palloc0(planning->relids * sizeof(List *));
	planning->members = palloc0(planning->relids * sizeof(List *));
	planning->histograms = palloc0(planning->relids * sizeof(List *));
	foreach(cell, root->append_rel_list)
	{
		AppendRelInfo *info = lfirst_node(AppendRelInfo, cell);

		planning->children[info->parent_relid] =
			lappend(planning->children[info->parent_relid], info);
	}

	MemoryContextSwitchTo(TopMemoryContext);
	plannings = lcons(planning, plannings);
	MemoryContextSwitchTo(caller);

	callback->func = forget_planning;
	callback->arg = planning;
	MemoryContextRegisterResetCallback(root->planner_cxt, callback);
	return planning;
}

/*
 * What was found out about a query so far, with the relations that it has now.
 */
Planning *
planning_of(PlannerInfo *root)
{
	ListCell   *cell;

	foreach(cell, plannings)
	{
		Planning   *planning = lfirst(cell);

		if (planning->root == root &&
			planning->relations == root->simple_rel_array &&
			planning->relids == root->simple_rel_array_size)
			return planning;
	}
	return make_planning(root);
}

/*
 * The children that a relation is read by, as AppendRelInfos.
 */
List *
append_children(PlannerInfo *root, Index parent)
{
	return planning_of(root)->children[parent];
}
