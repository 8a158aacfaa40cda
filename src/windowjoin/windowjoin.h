/*-------------------------------------------------------------------------
 *
 * windowjoin.h
 *	  within() and the windowed join, for the planner and the executor.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef WINDOWJOIN_H
#define WINDOWJOIN_H

#include "nodes/extensible.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"

/* What an expression is over one member of a UNION ALL */
typedef struct Member
{
	Node	   *expression;
	double		weight;			/* its part of all rows */
} Member;

/* within.c */
extern bool is_within_call(Node *node);

/* members.c */
extern List *expression_members(PlannerInfo *root, Node *expression, int limit);

/* time_spread.c */
extern Selectivity within_selectivity(SupportRequestSelectivity *request);

#endif							/* WINDOWJOIN_H */
