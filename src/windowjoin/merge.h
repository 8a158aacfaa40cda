/*-------------------------------------------------------------------------
 *
 * merge.h
 *	  The windowed join by a merge of indexes.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef WINDOWJOIN_MERGE_H
#define WINDOWJOIN_MERGE_H

#include "access/genam.h"
#include "access/parallel.h"
#include "access/tableam.h"
#include "commands/explain.h"
#include "nodes/execnodes.h"
#include "nodes/extensible.h"
#include "nodes/pathnodes.h"
#include "port/atomics.h"
#include "storage/buffile.h"
#include "storage/spin.h"
#include "utils/memutils.h"
#include "utils/sortsupport.h"

#include "windowjoin/node.h"

#define WINDOW_MERGE_NAME	"AzhuntWindowMerge"

/* As many shares of the work for each process, as they are not all alike */
#define SHARES_PER_PROCESS	4

/* The members of a CustomScan's custom_private */
typedef enum WindowMergePrivate
{
	MERGE_OUTER_IS_EVENT,		/* Integer: 1 if the outer rows are the events */
	MERGE_OUTER_COLUMNS,		/* Integer: columns of an outer row */
	MERGE_EQUALITIES,			/* Integer: number of them, see below */
	MERGE_HAS_HASH,				/* Integer: 1 if the second is hashed */
	MERGE_OUTER_TABLES,			/* Integer: of custom_plans, outer ones first */
	MERGE_KEY_ORDER,			/* OidList, see WindowMergeOrder */
	MERGE_TABLES,				/* List of Lists, see WindowMergeTable */
	MERGE_BOUNDS,				/* IntList: btree strategies of the bounds */
	MERGE_RANGES,				/* List of Consts: keys that divide all others
								 * into ranges for several processes, NIL if
								 * there are none */
	MERGE_IS_SEMI,				/* Integer: 1 if outer rows are returned once */
	MERGE_ENTRY_COLUMNS,		/* List of two IntLists, see
								 * find_entry_columns() */
	MERGE_SLICES				/* List of Consts, see find_slices() */
} WindowMergePrivate;

/* How keys are compared: the members of MERGE_KEY_ORDER */
typedef enum WindowMergeOrder
{
	ORDER_FAMILY,
	ORDER_OUTER_TYPE,
	ORDER_INNER_TYPE,
	ORDER_COLLATION
} WindowMergeOrder;

/* What is known of a table: the members of each List in MERGE_TABLES */
typedef enum WindowMergeTable
{
	TABLE_HASH_COLUMN,			/* Integer: of the index, 0 if it has none */
	TABLE_FIRST,				/* Const: times that a partition may have, */
	TABLE_LAST,					/* both included */
	TABLE_BOUNDS				/* IntList: which of the bounds are its own */
} WindowMergeTable;

/*
 * Its custom_exprs are within(), then the equalities, the key first and then
 * the hashed one if there is one, then the values that times are compared with,
 * one for each of MERGE_BOUNDS, then all other conditions.  Its custom_plans
 * are index scans, which have the conditions and columns of their tables.
 */

/* One side of the join, as an index of arrays */
typedef enum MergeSide
{
	MERGE_OUTER,
	MERGE_INNER
} MergeSide;

/* A table, the index by which it is read, and the entry that it is at */
typedef struct MergeTable
{
	IndexScanState *node;		/* of the plan: never executed, but used; NULL
								 * if the table has no rows of the period */
	int			number;
	MergeSide	side;
	bool		is_event;
	AttrNumber	hash_column;	/* 0 if there is none */
	TimestampTz planned_first;	/* as in the plan */
	TimestampTz planned_last;
	List	   *bounds;
	TimestampTz first;			/* times to read, both included */
	TimestampTz last;
	IndexScanDesc scan;
	IndexFetchTableData *fetch;
	bool		is_from_entries;	/* need its rows not be fetched? */
	Buffer		map_buffer;		/* the page of its visibility map that was
								 * looked at last */
	ScanKeyData place[2];		/* where it was told to go on: a key, */
	bool		has_place;		/* if there is one, and a time */

	/* the entry */
	Datum		key;			/* lives as long as the entry is the current
								 * one */
	TimestampTz time;
	uint32		hash;
} MergeTable;

/* The entries of all tables in the order of key and time */
typedef struct MergeStream
{
	MergeTable *tables;
	int			table_count;
	int			open[2];		/* tables of each side that have an entry left */
	Oid			collation;
	bool		same_type;		/* have both sides' keys? */
	SortSupportData order[2];
	FmgrInfo	cross_order;	/* of an outer key and an inner one */
	Oid			type[2];
	FmgrInfo	key_order[2];	/* as the index has it */
	FmgrInfo	time_order;
	bool		by_value[2];
	int16		length[2];
	bool		equal_image[2]; /* are equal keys the same bytes? */

	/* tables that are not at the key, a heap by key */
	int		   *waiting;
	int			waiting_count;
	/* those that are, a heap by time */
	int		   *current;
	int			current_count;
	bool		returned;		/* was the entry of the first of these? */
	/* those that were, and are now past it */
	int		   *passed;
	int			passed_count;

	/*
	 * Of all keys, those of one share are returned:  a range of them if there
	 * are bounds, and else those with one remainder of the hash
	 */
	uint32		share;
	uint32		shares;
	Datum	   *ranges;			/* the last key of each but the last range */
	int			range_count;
	Oid			range_type;
	FmgrInfo	after[2];		/* is a side's key behind a bound, */
	FmgrInfo	until[2];		/* or before it or the same? */
	FmgrInfo	key_hash;		/* of an outer key */
	Oid			hash_collation;

	/* the key, as each side has it */
	Datum		key[2];
	bool		has_key[2];
	char	   *key_buffer[2];
	Size		key_buffer_size[2];
	MemoryContext context;

	uint64		entries[2];		/* read so far */
} MergeStream;

/* No row, no entry */
#define MERGE_NONE	PG_UINT32_MAX

/* An entry that is kept: of an event in the ring, or of the anchor */
typedef struct MergeEntry
{
	TimestampTz time;
	uint32		hash;
	uint32		table;
	ItemPointerData tid;
	bool		visible;		/* is its row known to be, and needs not be
								 * fetched for anything else? */
	bool		joined;			/* needs its row no other partner? */
	uint32		next;			/* of an event, the slot of the next in the
								 * same chain; of an anchor that was written
								 * to a file, its number, else MERGE_NONE */
	uint32		row;			/* in the batch, MERGE_NONE if not in it */
} MergeEntry;

/* What a file of a ring takes: from version 18 on, its buffer is aligned to pages */
#if PG_VERSION_NUM >= 180000
#define RING_FILE_MEMORY	(FILE_MEMORY + BLCKSZ)
#else
#define RING_FILE_MEMORY	FILE_MEMORY
#endif

/*
 * What a ring takes beside its entries: two files, and the first blocks of its
 * context.  The least limit that can be set, 64 kB, leaves 28 kB at least to entries
 * and rows.
 */
#define MERGE_RING_OVERHEAD	(2 * RING_FILE_MEMORY + 2 * ALLOCSET_SMALL_INITSIZE)

/* The events of a key that are within the window, in chains by hash */
typedef struct MergeRing
{
	MemoryContext context;
	Size		limit;			/* of the entries */
	Size		peak;			/* the most that was in use */
	uint32		capacity;		/* of entries and of chains, a power of two */
	uint64		first;			/* numbers of the oldest, and behind the last; */
	uint64		end;			/* their slots are these modulo capacity */
	MergeEntry *entries;		/* behind them are the chains: */
	uint32	   *chain_first;	/* slots */
	uint32	   *chain_last;

	/* entries of a key that has more events than fit */
	BufFile    *events;
	BufFile    *anchors;
	bool		spooling;

	/* which of these anchors need no other partner, by their numbers */
	uint32		anchor_count;
	uint8	   *joined_anchors;
	Size		joined_size;	/* in bytes */
} MergeRing;

/* What is known of a row */
typedef enum MergeRowState
{
	ROW_UNKNOWN,				/* not fetched, or too large to be kept */
	ROW_WANTED,					/* to be fetched */
	ROW_KEPT,
	ROW_IN_ENTRY,				/* visible, and its time is all that is asked
								 * for */
	ROW_REJECTED				/* not visible, or its conditions are not true */
} MergeRowState;

/* A row that is in a pair */
typedef struct MergeRow
{
	union
	{
		MinimalTuple tuple;		/* if kept */
		TimestampTz time;		/* if in the entry */
	}			content;
	uint32		table;
	ItemPointerData tid;
	uint8		state;			/* a MergeRowState */
	bool		joined;			/* was it returned, if that is enough? */
	uint32		anchor;			/* its number, if it is of an anchor that was
								 * written to a file */
} MergeRow;

/* The rows of one side in a batch */
typedef struct MergeRows
{
	MergeRow   *rows;
	uint32		count;
	uint32		capacity;
	uint32		pending;		/* rows that have not been looked at yet */
	double		width;			/* bytes that one takes, as far as is known */
	uint64		fetched;		/* all so far, for EXPLAIN */
	uint64		unfetched;
	uint64		pages;
} MergeRows;

typedef struct MergePair
{
	uint32		event;
	uint32		anchor;
} MergePair;

/* Pairs whose keys and hashes are equal, and whose rows are fetched together */
typedef struct MergeBatch
{
	MemoryContext context;		/* rows and pairs */
	MemoryContext tuples;
	Size		limit;			/* when to allocate no more blocks of these */
	Size		block;			/* the largest of them */
	Size		peak;			/* the most that was in use */
	MergeRows	sides[2];
	MergePair  *pairs;
	uint32		pair_count;
	uint32		pair_capacity;	/* allocated */
	uint32		pair_limit;		/* of this batch */
	uint32		next_pair;		/* to be returned */
} MergeBatch;

/* What it took to join, for EXPLAIN */
typedef struct MergeCounts
{
	uint64		entries;
	uint64		pairs;
	uint64		rows;
	uint64		unfetched;
	uint64		pages;
	uint64		batches;
	uint64		spooled;
	Size		memory;			/* the most of one process */
} MergeCounts;

/* What processes share: which keys are still to be joined, and what it took */
typedef struct MergeShared
{
	pg_atomic_uint32 next_share;
	uint32		shares;
	slock_t		lock;
	MergeCounts counts;			/* of all workers that have ended */
} MergeShared;

/* Where the next anchor comes from */
typedef enum MergePhase
{
	MERGE_NEXT_KEY,
	MERGE_STREAM,				/* the indexes */
	MERGE_SPOOL					/* the entries that were written to files */
} MergePhase;

typedef struct WindowMergeState
{
	CustomScanState css;		/* must be first */
	bool		outer_is_event;
	bool		is_semi;		/* is each outer row returned once? */
	int			inner_column;	/* of the joined row, that begins the inner
								 * one */
	bool		is_from_entries[2]; /* need a side's rows not be fetched,
									 * where they are known to be visible? */
	List	   *time_columns[2];	/* all that is asked of them, IntLists */
	ExprState  *lookback;
	ExprState  *filter;			/* all equalities, then other conditions */
	List	   *bounds;			/* ExprStates */
	int			removed;		/* tables without rows of the period */
	TupleTableSlot *stored[2];	/* a kept row */

	MergeShared *shared;		/* NULL in one process */
	TimestampTz *slices;		/* the last outer time of each but the last */
	uint32		slice_count;	/* at least one */
	uint32		slice;			/* that is being joined */
	uint32		next_share;		/* of one process */
	bool		done;			/* there are no more pairs of these keys */
	int64		microseconds;
	MergeStream *stream;
	MergeRing  *ring;
	MergeBatch *batch;

	/* the anchor being joined */
	MergePhase	phase;
	bool		matching;
	MergeEntry	anchor;
	uint32		slot;			/* the event to look at next */

	/* rows in the joined row */
	uint32		loaded[2];

	/* for EXPLAIN ANALYZE */
	bool		executed;
	uint64		pairs;
	uint64		batches;
	uint64		spooled;
	MergeCounts workers;
} WindowMergeState;

/* merge_path.c */
extern bool enable_windowmerge;
extern void window_merge_add_path(PlannerInfo *root, RelOptInfo *joinrel,
								  RelOptInfo *outer, RelOptInfo *inner,
								  JoinType jointype, JoinPathExtraData *extra);
extern void window_merge_register(void);

/* merge_exec.c */
extern Node *create_window_merge_state(CustomScan *plan);

/* merge_parallel.c */
extern bool merge_take_share(WindowMergeState *state);
extern MergeCounts merge_counts(const WindowMergeState *state);
extern Size window_merge_estimate_dsm(CustomScanState *node,
									  ParallelContext *pcxt);
extern void window_merge_initialize_dsm(CustomScanState *node,
										ParallelContext *pcxt,
										void *coordinate);
extern void window_merge_reinitialize_dsm(CustomScanState *node,
										  ParallelContext *pcxt,
										  void *coordinate);
extern void window_merge_initialize_worker(CustomScanState *node, shm_toc *toc,
										   void *coordinate);
extern void window_merge_shutdown(CustomScanState *node);

/* merge_index.c */
extern void merge_stream_init_order(MergeStream *stream, List *order,
									const OpExpr *equality);
extern void merge_stream_init_ranges(MergeStream *stream, List *order,
									 List *ranges);
extern void merge_stream_start(MergeStream *stream, Snapshot snapshot);
extern bool merge_stream_next_key(MergeStream *stream);
extern MergeTable *merge_stream_next(MergeStream *stream);
extern void merge_stream_end(MergeStream *stream);

/* merge_ring.c */
extern MergeRing *merge_ring_create(MemoryContext parent, Size limit);
extern bool merge_ring_add(MergeRing *ring, const MergeEntry *event,
						   TimestampTz oldest);
extern void merge_ring_evict(MergeRing *ring, TimestampTz oldest);
extern uint32 merge_ring_find(const MergeRing *ring, uint32 hash);
extern void merge_ring_clear(MergeRing *ring);
extern void merge_ring_forget_rows(MergeRing *ring);
extern void merge_ring_spool(MergeRing *ring, BufFile **file,
							 const MergeEntry *entry);
extern bool merge_ring_next_piece(MergeRing *ring);
extern bool merge_ring_next_anchor(MergeRing *ring, MergeEntry *anchor);
extern void merge_ring_end_spool(MergeRing *ring);
extern void merge_ring_spool_anchor(MergeRing *ring, MergeEntry *anchor);
extern void merge_ring_set_joined(MergeRing *ring, uint32 anchor);
extern bool merge_ring_is_joined(const MergeRing *ring, uint32 anchor);
extern void merge_ring_forget_anchors(MergeRing *ring);

/* merge_fetch.c */
extern MergeBatch *merge_batch_create(MemoryContext parent, Size limit,
									  int outer_width, int inner_width);
extern bool merge_batch_is_full(const MergeBatch *batch);
extern uint32 merge_batch_add_row(MergeBatch *batch, MergeSide side,
								  const MergeEntry *entry);
extern void merge_batch_add_pair(MergeBatch *batch, uint32 event,
								 uint32 anchor);
extern void merge_batch_fetch(WindowMergeState *state);
extern TupleTableSlot *merge_fetch_row(WindowMergeState *state, MergeSide side,
									   MergeRow *row);
extern bool merge_batch_next(MergeBatch *batch);
extern void merge_batch_clear(MergeBatch *batch);

/* merge_rows.c */
extern void merge_copy_entry(MergeTable *table, MergeEntry *entry);
extern uint32 merge_add_row(WindowMergeState *state, MergeSide side,
							MergeEntry *entry);
extern void merge_keep_joined(WindowMergeState *state);
extern bool merge_next_pair(WindowMergeState *state);

/* merge_explain.c */
extern List *window_merge_equalities(CustomScan *plan);
extern List *window_merge_bounds(CustomScan *plan);
extern List *window_merge_filters(CustomScan *plan);
extern void window_merge_explain(CustomScanState *node, List *ancestors,
								 ExplainState *es);

#endif							/* WINDOWJOIN_MERGE_H */
