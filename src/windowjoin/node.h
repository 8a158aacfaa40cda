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

#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "storage/buffile.h"

struct ExplainState;

/* What a temporary file takes in memory: its buffer, and what describes it */
#define FILE_MEMORY			((Size) BLCKSZ + 512)

/*
 * Put a row of one side into the joined row, which has its columns from the first
 * one on.
 */
static inline void
window_load_row(TupleTableSlot *joined, int first, TupleTableSlot *row)
{
	int			columns = row->tts_tupleDescriptor->natts;

	Assert(first + columns <= joined->tts_tupleDescriptor->natts);
	slot_getallattrs(row);
	memcpy(joined->tts_values + first, row->tts_values, columns * sizeof(Datum));
	memcpy(joined->tts_isnull + first, row->tts_isnull, columns * sizeof(bool));
}

extern List *window_joined_tlist(List *outer, List *inner);
extern TupleTableSlot *window_project(CustomScanState *node);
extern void window_explain_conditions(const char *label, List *conditions,
									  List *context, struct ExplainState *es);
extern void window_explain_removed(const CustomScanState *node,
								   struct ExplainState *es);
extern void window_rewind_file(BufFile *file);

#endif							/* WINDOWJOIN_NODE_H */
