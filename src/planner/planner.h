/*-------------------------------------------------------------------------
 *
 * planner.h
 *	  What the planner is told about within(), =~ and has().
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef PLANNER_H
#define PLANNER_H

#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"

/* What an expression is over one member of a UNION ALL */
typedef struct AppendMember
{
	Node	   *expression;
	double		weight;			/* its part of all rows */
} AppendMember;

/*
 * What is found out about a query's relations while it is planned: lists for
 * each, by its number.
 */
typedef struct Planning
{
	PlannerInfo *root;
	RelOptInfo **relations;		/* root's, and */
	int			relids;			/* how many there are */
	List	  **children;		/* AppendRelInfos */
	List	  **members;		/* of append_members.c */
	List	  **histograms;		/* of time_histogram.c */
	List	   *equalities;		/* of selectivity.c */

	/* the last pairs whose fraction was asked for */
	Node	   *event;
	Node	   *anchor;
	int64		lookback;
	Selectivity fraction;
} Planning;

/* planning.c */
extern Planning *planning_of(PlannerInfo *root);
extern List *append_children(PlannerInfo *root, Index parent);

/* within.c */
extern bool is_within_call(Node *node);

/* within_bounds.c */
extern Oid	time_family(void);
extern int	time_comparison(Node *condition, Node *time, Node **other);
extern List *within_comparisons(FuncExpr *call, bool of_event);
extern bool within_implies(FuncExpr *call, Node *condition);
extern List *within_index_conditions(SupportRequestIndexCondition *request);

/* lookback.c */
extern void lookback_remember_function(Oid function);
extern void lookback_install_hook(void);

/* append_members.c */
extern RelOptInfo *relation_of(PlannerInfo *root, Node *expression);
extern Index known_relation(PlannerInfo *root, Node *expression);
extern Index append_relation(PlannerInfo *root, Node *expression);
extern List *find_append_members(PlannerInfo *root, Node *expression, int limit);
extern Node *partitioned_expression(PlannerInfo *root, Node *expression);

/* selectivity.c */
extern List *reveal_partial_indexes(RelOptInfo *rel);
extern Selectivity window_clause_selectivity(PlannerInfo *root,
											 RestrictInfo *info,
											 SpecialJoinInfo *sjinfo);

/* index_cost.c */
extern void index_cost_install_hook(void);

/* time_histogram.c */
extern Selectivity within_selectivity(SupportRequestSelectivity *request);

#endif							/* PLANNER_H */
