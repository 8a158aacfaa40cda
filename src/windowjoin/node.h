/*-------------------------------------------------------------------------
 *
 * node.h
 *	  What the plan nodes of both ways to join have in common.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef WINDOWJOIN_NODE_H
#define WINDOWJOIN_NODE_H

#include "nodes/execnodes.h"

struct ExplainState;

extern List *window_joined_tlist(List *outer, List *inner);
extern TupleTableSlot *window_project(CustomScanState *node);
extern void window_explain_conditions(const char *label, List *conditions,
									  List *context, struct ExplainState *es);

#endif							/* WINDOWJOIN_NODE_H */
