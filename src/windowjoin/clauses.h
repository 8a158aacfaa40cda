/*-------------------------------------------------------------------------
 *
 * clauses.h
 *	  The clauses of a windowed join.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef WINDOWJOIN_CLAUSES_H
#define WINDOWJOIN_CLAUSES_H

#include "nodes/pathnodes.h"

/* What the join does with the clauses that it has to fulfil */
typedef struct WindowJoinClauses
{
	List	   *keys;			/* OpExprs with the outer side on the left */
	FuncExpr   *window;			/* within() */
	bool		inner_is_event;
	List	   *filters;		/* all others that the window does not imply */
	List	   *matching;		/* RestrictInfos: keys, window, and what it
								 * implies */
	List	   *key_infos;		/* the RestrictInfos of the keys, in their
								 * order */
} WindowJoinClauses;

extern bool window_classify_clauses(PlannerInfo *root, List *restrict_clauses,
									Relids outer, Relids inner,
									WindowJoinClauses *clauses);
extern bool window_has_window(PlannerInfo *root, RelOptInfo *outer,
							  RelOptInfo *inner, JoinPathExtraData *extra);
extern List *window_order_filters(PlannerInfo *root, List *filters);

#endif							/* WINDOWJOIN_CLAUSES_H */
