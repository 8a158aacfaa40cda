/*-------------------------------------------------------------------------
 *
 * exec.h
 *	  State of the windowed join's execution.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef WINDOWJOIN_EXEC_H
#define WINDOWJOIN_EXEC_H

#include "access/parallel.h"
#include "commands/explain.h"
#include "nodes/execnodes.h"

#include "windowjoin/windowjoin.h"

/* One part of the key, on one side */
typedef struct KeyPart
{
	ExprState  *value;
	FmgrInfo	hash;
	Oid			collation;
	bool		by_value;
	int16		length;
} KeyPart;

/* What the node knows about one of its inputs */
typedef struct WindowJoinSide
{
	PlanState  *plan;
	int			first_column;	/* in the joined row */
	KeyPart    *keys;
	ExprState  *time;			/* of the event or the anchor */
	TupleTableSlot *stored;		/* a row that comes from the table or a file */
} WindowJoinSide;

/* What processes that join together do, one after the other */
typedef enum WindowJoinPhase
{
	PHASE_READING,				/* inner rows are read */
	PHASE_ALLOCATING,			/* one process makes room for their entries */
	PHASE_FILLING,				/* entries are made, or batches are written */
	PHASE_SORTING,				/* entries are sorted */
	PHASE_JOINING				/* nobody waits for anybody any more */
} WindowJoinPhase;

typedef struct WindowJoinState
{
	CustomScanState css;		/* must be first */
	WindowJoinSide outer;
	WindowJoinSide inner;
	int			key_count;
	ExprState  *key_equal;		/* all equalities */
	ExprState  *filter;			/* all other conditions */
	ExprState  *lookback;
	bool		inner_is_event;

	/* inner rows */
	bool		built;
	bool		done;			/* all joined rows were returned */
	WindowTable *table;
	WindowBatches *batches;		/* NULL while all rows fit into the table */

	/* the lookback, computed when it is needed first */
	bool		lookback_known;
	bool		lookback_null;
	int64		microseconds;

	/* the outer row being joined */
	bool		joining;
	uint32		hash;
	TimestampTz last;			/* the end of its window */
	uint32		position;		/* the entry to look at next */
	uint32		first_position; /* the entry that it began with */
	bool		key_matches;	/* did the key of the entry before? */

	/* what processes that join together share, NULL if there are none */
	struct SharedWindowJoin *shared;

	/* for EXPLAIN ANALYZE */
	bool		executed;
	Size		peak_memory;
	int			batch_count;
	uint64		pieces;			/* tables that were filled from files */
} WindowJoinState;

/* exec.c */
extern void window_join_read_inner(WindowJoinState *state);
extern void window_join_divide_outer(WindowJoinState *state);
extern void window_join_note_memory(WindowJoinState *state);

/* explain.c */
extern List *window_join_keys(CustomScan *plan);
extern List *window_join_filters(CustomScan *plan);
extern void window_join_explain(CustomScanState *node, List *ancestors,
								ExplainState *es);

/* parallel.c */
extern void window_join_start_shared_batches(WindowJoinState *state);
extern void window_join_build_shared(WindowJoinState *state);
extern Size window_join_estimate_dsm(CustomScanState *node,
									 ParallelContext *context);
extern void window_join_initialize_dsm(CustomScanState *node,
									   ParallelContext *context,
									   void *coordinate);
extern void window_join_reinitialize_dsm(CustomScanState *node,
										 ParallelContext *context,
										 void *coordinate);
extern void window_join_initialize_worker(CustomScanState *node, shm_toc *toc,
										  void *coordinate);
extern void window_join_shutdown(CustomScanState *node);

#endif							/* WINDOWJOIN_EXEC_H */
