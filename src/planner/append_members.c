/*-------------------------------------------------------------------------
 *
 * append_members.c
 *	  Statistics of expressions over UNION ALL and over partitions.
 *
 * The planner has no statistics for a column of a UNION ALL, nor for one of a
 * partitioned table that was never analyzed as a whole, but it has them for
 * what they are made of.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "optimizer/appendinfo.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/selfuncs.h"

#include "planner/planner.h"

/*
 * Order members by falling weight.
 */
static int
compare_weight(const ListCell *a, const ListCell *b)
{
	double		weight_a = ((AppendMember *) lfirst(a))->weight;
	double		weight_b = ((AppendMember *) lfirst(b))->weight;

	return (weight_a < weight_b) - (weight_a > weight_b);
}

/*
 * Does the planner know how the values of the expression are distributed?
 */
static bool
has_statistics(PlannerInfo *root, Node *expression)
{
	VariableStatData variable;
	bool		known;

	examine_variable(root, expression, 0, &variable);
	known = HeapTupleIsValid(variable.statsTuple) || variable.isunique;
	ReleaseVariableStats(variable);
	return known;
}

/*
 * How many rows of a relation there are to read, at least one; zero if the
 * planner has no use for it.
 */
static double
rows_of(PlannerInfo *root, Index relid)
{
	RelOptInfo *rel = NULL;

	if (relid < (Index) root->simple_rel_array_size)
		rel = root->simple_rel_array[relid];
	return rel == NULL ? 0 : Max(rel->rows, 1);
}

/*
 * Add the members of an expression to those found, each with its part of the
 * weight.
 */
static List *
collect_members(PlannerInfo *root, List *members, Node *expression,
				double weight)
{
	int			relid = 0;
	double		total = 0;
	ListCell   *cell;
	AppendMember *member;

	check_stack_depth();

	if (bms_get_singleton_member(pull_varnos(root, expression), &relid) &&
		planner_rt_fetch(relid, root)->inh &&
		!has_statistics(root, expression))
	{
		foreach(cell, root->append_rel_list)
		{
			AppendRelInfo *info = lfirst_node(AppendRelInfo, cell);

			if (info->parent_relid == (Index) relid)
				total += rows_of(root, info->child_relid);
		}
	}

	if (total > 0)
	{
		foreach(cell, root->append_rel_list)
		{
			AppendRelInfo *info = lfirst_node(AppendRelInfo, cell);
			Node	   *translated;
			double		rows;

			rows = rows_of(root, info->child_relid);
			if (info->parent_relid != (Index) relid || rows == 0)
				continue;
			translated = adjust_appendrel_attrs(root, expression, 1, &info);
			members = collect_members(root, members, translated,
									  weight * rows / total);
		}
		return members;
	}

	member = palloc(sizeof(AppendMember));
	member->expression = expression;
	member->weight = weight;
	return lappend(members, member);
}

/*
 * What an expression is over each member of the UNION ALL, inheritance tree or
 * partitioned table that it reads; the weights, by rows, add up to one.  At
 * most "limit" members, the largest.  Just the expression itself where there
 * are none or none are needed.
 */
List *
find_append_members(PlannerInfo *root, Node *expression, int limit)
{
	List	   *members = collect_members(root, NIL, expression, 1);
	double		total = 0;
	ListCell   *cell;

	if (list_length(members) <= limit)
		return members;

	list_sort(members, compare_weight);
	members = list_truncate(members, limit);
	foreach(cell, members)
		total += ((AppendMember *) lfirst(cell))->weight;
	foreach(cell, members)
		((AppendMember *) lfirst(cell))->weight /= total;
	return members;
}
