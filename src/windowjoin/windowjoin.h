/*-------------------------------------------------------------------------
 *
 * windowjoin.h
 *	  The windowed join, for its path and its execution.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef WINDOWJOIN_H
#define WINDOWJOIN_H

#include "access/htup_details.h"
#include "datatype/timestamp.h"
#include "nodes/extensible.h"
#include "nodes/pathnodes.h"
#include "storage/buffile.h"
#include "utils/dsa.h"
#include "utils/sharedtuplestore.h"

#include "windowjoin/node.h"

#define WINDOW_JOIN_NAME	"AzhuntWindowJoin"

/* The members of a CustomScan's custom_private, all Integer nodes */
typedef enum WindowJoinPrivate
{
	PRIVATE_INNER_IS_EVENT,		/* 1 if the inner rows are the events */
	PRIVATE_OUTER_COLUMNS,		/* number of the outer plan's columns */
	PRIVATE_KEYS,				/* number of equalities, see below */
	PRIVATE_INNER_ROW_SIZE		/* estimate of bytes that an inner row takes */
} WindowJoinPrivate;

/*
 * Its custom_exprs are within(), then the equalities that are the key, with the
 * outer side on the left, then all other conditions.
 */

/* A row as the join keeps it; its MinimalTuple follows */
typedef struct StoredRow
{
	TimestampTz time;			/* of the event or of the anchor */
	uint32		hash;			/* of all keys */
	uint32		unused;			/* keeps the tuple aligned */
} StoredRow;

#define StoredRowTuple(row) ((MinimalTuple) ((row) + 1))
#define StoredRowSize(length) MAXALIGN(sizeof(StoredRow) + (length))

/* Is the key of an entry that of the entry before it, of the same hash? */
typedef enum KeySameness
{
	KEY_NOT_COMPARED,
	KEY_SAME,
	KEY_DIFFERENT
} KeySameness;

/*
 * Where something of a table is: an address, or a dsa_pointer where processes
 * share the table.
 */
typedef uint64 TablePointer;

/* A row's place in the order of hash and time */
typedef struct WindowEntry
{
	TimestampTz time;
	uint32		hash;
	uint8		sameness;		/* a KeySameness */
	TablePointer row;
} WindowEntry;

/* A piece of memory full of rows */
typedef struct RowChunk
{
	TablePointer next;
	Size		size;			/* bytes for rows, and of these */
	Size		used;
} RowChunk;

/* Bits of the filter for each entry, at most */
#define FILTER_BITS_PER_ENTRY	8

/* Entries are sorted in stripes, which their hashes' leading bits tell apart */
#define STRIPE_BITS		8
#define STRIPES			(1 << STRIPE_BITS)

/*
 * Rows of the inner side, sorted by hash and time.  Filled by
 * window_table_add(), then sorted once, then searched.
 *
 * In a table that processes share, each has rows of its own, and all have the
 * same entries and directory.
 */
typedef struct WindowTable
{
	MemoryContext context;		/* all that is below, unless it is shared */
	dsa_area   *area;			/* NULL if it is not */
	int			processes;		/* that search it, each with its own filter */
	Size		limit;			/* bytes that this process's rows may take */
	TablePointer chunks;		/* the one being filled is the first */
	Size		chunk_bytes;
	uint32		rows;			/* of this process */
	uint32		stripe_rows[STRIPES];	/* the same, by stripe */

	uint32		entry_count;	/* of all processes */
	WindowEntry *entries;		/* NULL until there are any */
	uint32	   *directory;		/* first entry by the hash's leading bits */
	int			directory_bits;

	/* of this process, see filter.c */
	uint64	   *filter;			/* NULL until the first search */
	int			filter_bits;	/* of a place in the filter */
	int			period_bits;	/* of a period's length in microseconds */
} WindowTable;

/* The same for a shared tuplestore that is written to: sharedtuplestore.c */
#define STORE_MEMORY		((Size) 4 * BLCKSZ + FILE_MEMORY)

/* Rows in a temporary file, of one process or of all that join */
typedef struct RowFile
{
	SharedTuplestore *store;	/* NULL if it is of this process */
	SharedTuplestoreAccessor *shared;	/* to write to it, or to read it */
	BufFile    *file;			/* NULL as long as nothing was written */
	MinimalTuple tuple;			/* what was read last */
	Size		tuple_size;		/* bytes allocated for it */
	StoredRow	row;			/* what belongs to the tuple, */
	bool		pending;		/* if it was read but not used yet */
} RowFile;

/* Both sides, divided by hash, where the inner one does not fit into memory */
typedef struct WindowBatches
{
	MemoryContext context;		/* all that is below */
	int			count;			/* a power of two */
	RowFile    *inner;
	RowFile    *outer;
	pg_atomic_uint32 *next;		/* next batch for any process, NULL if serial */
	SharedFileSet *files;		/* of the stores that processes share */
	MemoryContext reading_inner;	/* what it takes to read those of a batch */
	MemoryContext reading_outer;
	int			current;		/* the batch being joined, -1 for none */
	bool		inner_done;		/* all its inner rows were in the table */
	Size		largest;		/* bytes of the largest tuple written */
	Size		peak;			/* most memory while a table was taken */
} WindowBatches;

/*
 * The memory that something of a table is in.
 */
static inline void *
window_table_address(const WindowTable *table, TablePointer pointer)
{
	if (table->area == NULL)
		return (void *) (uintptr_t) pointer;
	return dsa_get_address(table->area, pointer);
}

/*
 * The next row of a chunk, NULL after the last.  The offset is zero to begin
 * with.
 */
static inline StoredRow *
next_stored_row(RowChunk *chunk, Size *offset)
{
	StoredRow  *row = (StoredRow *) ((char *) (chunk + 1) + *offset);

	if (*offset >= chunk->used)
		return NULL;
	*offset += StoredRowSize(StoredRowTuple(row)->t_len);
	return row;
}

/* path.c */
extern bool enable_windowjoin;
extern void window_join_install_hook(void);

/* exec.c */
extern Node *create_window_join_state(CustomScan *plan);

/* table.c */
extern Size window_row_size(Size tuple_length);
extern WindowTable *window_table_create(MemoryContext parent, Size limit);
extern bool window_table_add(WindowTable *table, uint32 hash, TimestampTz time,
							 MinimalTuple tuple);
extern void window_table_sort(WindowTable *table);
extern Size window_table_directory_size(int directory_bits);
extern int	window_table_directory_bits(uint32 entry_count);
extern void window_table_fill(const WindowTable *table, uint32 *positions);
extern void window_table_sort_stripe(WindowTable *table, uint32 stripe,
									 uint32 first, uint32 end);
extern uint32 window_table_find(const WindowTable *table, uint32 hash,
								TimestampTz first);
extern Size window_table_memory(const WindowTable *table);
extern void window_table_drop_chunk(WindowTable *table);
extern void window_table_reset(WindowTable *table);
extern void window_table_free_chunks(dsa_area *area, TablePointer chunks);

/* filter.c */
extern void window_filter_build(WindowTable *table, int64 lookback,
								bool inner_is_event);
extern bool window_filter_passes(const WindowTable *table, uint32 hash,
								 TimestampTz time);

/* batch.c */
extern WindowBatches *window_batches_create(MemoryContext parent, int count);
extern void window_batches_write(WindowBatches *batches, RowFile *files,
								 uint32 hash, TimestampTz time,
								 MinimalTuple tuple);
extern void window_batches_take_table(WindowBatches *batches,
									  WindowTable *table, Size limit);
extern Size window_batches_table_limit(const WindowBatches *batches, Size limit);
extern bool window_batches_next_table(WindowBatches *batches,
									  WindowTable *table);
extern MinimalTuple window_batches_next_outer(WindowBatches *batches,
											  StoredRow *row);
extern bool window_batches_has_inner(const WindowBatches *batches, uint32 hash);
extern void window_batches_destroy(WindowBatches *batches);

#endif							/* WINDOWJOIN_H */
