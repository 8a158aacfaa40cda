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
#include "nodes/nodeFuncs.h"
#include "optimizer/appendinfo.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/selfuncs.h"

#include "planner/planner.h"

/* Members that were found before */
typedef struct KnownMembers
{
	Node	   *expression;
	int			limit;
	List	   *members;
} KnownMembers;

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
 * The only relation that an expression reads, 0 if that is not just one.
 */
static Index
single_relid(PlannerInfo *root, Node *expression)
{
	int			relid;

	if (!bms_get_singleton_member(pull_varnos(root, expression), &relid))
		return 0;
	return relid;
}

/*
 * The relation that an expression reads, NULL if that is not just one.
 */
RelOptInfo *
relation_of(PlannerInfo *root, Node *expression)
{
	Index		relid = single_relid(root, expression);

	return relid < (Index) root->simple_rel_array_size ? root->simple_rel_array[relid] : NULL;
}

/*
 * Add the members of an expression to those found, each with its part of the
 * weight.
 */
static List *
collect_members(PlannerInfo *root, List *members, Node *expression,
				double weight)
{
	Index		relid = single_relid(root, expression);
	List	   *children = NIL;
	double		total = 0;
	ListCell   *cell;
	AppendMember *member;

	check_stack_depth();

	if (relid != 0 && planner_rt_fetch(relid, root)->inh &&
		!has_statistics(root, expression))
		children = append_children(root, relid);
	foreach(cell, children)
		total += rows_of(root, lfirst_node(AppendRelInfo, cell)->child_relid);

	if (total > 0)
	{
		foreach(cell, children)
		{
			AppendRelInfo *info = lfirst_node(AppendRelInfo, cell);
			double		rows = rows_of(root, info->child_relid);

			if (rows > 0)
				members = collect_members(root, members,
										  adjust_appendrel_attrs(root, expression,
																 1, &info),
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
 * The members of an expression, as below.
 */
static List *
find_members(PlannerInfo *root, Node *expression, int limit)
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

/*
 * The members of an expression over a relation with children, found before or
 * now, when the rows of all are known.
 */
static List *
find_known_members(PlannerInfo *root, Index relid, Node *expression, int limit)
{
	Planning   *planning = planning_of(root);
	MemoryContext caller;
	KnownMembers *known;
	ListCell   *cell;

	foreach(cell, planning->members[relid])
	{
		known = lfirst(cell);
		if (known->limit == limit && equal(known->expression, expression))
			return known->members;
	}

	caller = MemoryContextSwitchTo(root->planner_cxt);
	known = palloc(sizeof(KnownMembers));
	known->limit = limit;
	known->expression = copyObject(expression);
	known->members = find_members(root, known->expression, limit);
	planning->members[relid] = lappend(planning->members[relid], known);
	MemoryContextSwitchTo(caller);
	return known->members;
}

/*
 * The only relation that an expression reads, if it is known how many rows there
 * are to read, also of its children, so that what is found out about it stays
 * true; or 0.
 */
Index
known_relation(PlannerInfo *root, Node *expression)
{
	RelOptInfo *rel = relation_of(root, expression);

	return rel != NULL && rel->rows > 0 ? rel->relid : 0;
}

/*
 * The same, if it has children.
 */
Index
append_relation(PlannerInfo *root, Node *expression)
{
	Index		relid = known_relation(root, expression);

	return relid != 0 && planner_rt_fetch(relid, root)->inh ? relid : 0;
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
	Index		relid = append_relation(root, expression);

	return relid == 0 ? find_members(root, expression, limit) :
		find_known_members(root, relid, expression, limit);
}

/*
 * The column of a partitioned table that a partition's is, also of several
 * levels; NULL if the table is no partition.
 */
static Var *
partitioned_column(PlannerInfo *root, Var * column)
{
	Var		   *parent = NULL;
	AppendRelInfo *info;

	while (column->varlevelsup == 0 && column->varattno > 0 &&
		   root->append_rel_array != NULL &&
		   (info = root->append_rel_array[column->varno]) != NULL &&
		   OidIsValid(info->parent_reloid) &&
		   info->parent_colnos[column->varattno - 1] != 0)
	{
		parent = copyObject(column);
		parent->varno = parent->varnosyn = info->parent_relid;
		parent->varattno = parent->varattnosyn = info->parent_colnos[column->varattno - 1];
		column = parent;
	}
	return parent;
}

/*
 * Mutator for the following.
 */
static Node *
partitioned_expression_mutator(Node *node, void *root)
{
	if (node != NULL && IsA(node, Var))
	{
		Var		   *parent = partitioned_column(root, (Var *) node);

		return parent != NULL ? (Node *) parent : node;
	}
	return expression_tree_mutator(node, partitioned_expression_mutator, root);
}

/*
 * An expression over a partition as it is over the partitioned table; one over
 * other relations, as it is.
 */
Node *
partitioned_expression(PlannerInfo *root, Node *expression)
{
	return partitioned_expression_mutator(expression, root);
}
