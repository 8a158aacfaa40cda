/*-------------------------------------------------------------------------
 *
 * batch.c
 *	  The windowed join of more rows than fit into memory.
 *
 * Both sides are divided by hash into batches on temporary files, which are
 * then joined one by one.  Where the inner rows of a batch do not fit into
 * memory either, be they of one key or of many, they are joined piece by
 * piece, each piece with all outer rows of the batch: every pair of rows is
 * met once, which is all that an inner join needs.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/tablespace.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "windowjoin/node.h"
#include "windowjoin/windowjoin.h"

/* What batches take without files: contexts, arrays and the like */
#define EMPTY_BATCHES_MEMORY	((Size) 8 * 1024)

/* What a tuplestore takes that is attached, but not written to any more */
#define STORE_ACCESSOR_MEMORY	((Size) 512)

/* As much is left to the table, whatever the limit */
#define MIN_TABLE_LIMIT		((Size) 16 * 1024)

/*
 * What must be true of one side of a batch.
 */
static inline void
assert_file(const RowFile *rows PG_USED_FOR_ASSERTS_ONLY)
{
	Assert((rows->store == NULL) == (rows->shared == NULL));
	Assert(rows->store == NULL || rows->file == NULL);
	Assert(!rows->pending || rows->tuple != NULL);
}

/*
 * What must be true of batches between calls.
 */
static inline void
assert_batches(const WindowBatches *batches PG_USED_FOR_ASSERTS_ONLY)
{
#ifdef USE_ASSERT_CHECKING
	Assert(batches->count > 0 && (batches->count & (batches->count - 1)) == 0);
	Assert(batches->current >= -1 && batches->current <= batches->count);
	for (int i = 0; i < batches->count; i++)
	{
		const RowFile *inner = &batches->inner[i];
		const RowFile *outer = &batches->outer[i];

		assert_file(inner);
		assert_file(outer);
		Assert(inner->store == NULL || batches->next != NULL);
		Assert(inner->file == NULL || batches->next == NULL);
		Assert((inner->store == NULL) == (outer->store == NULL));
		Assert(!outer->pending);
		Assert(!inner->pending ||
			   (i == batches->current && !batches->inner_done));

		/* outer rows are kept only where there may be inner ones */
		Assert(batches->next != NULL || inner->file != NULL ||
			   outer->file == NULL);
	}
#endif
}

/*
 * Make batches, all of them empty.
 */
WindowBatches *
window_batches_create(MemoryContext parent, int count)
{
	WindowBatches *batches = MemoryContextAllocZero(parent, sizeof(WindowBatches));
	Size		size = count * sizeof(RowFile);

	batches->context = AllocSetContextCreate(parent, WINDOW_JOIN_NAME " batches",
											 ALLOCSET_SMALL_SIZES);
	batches->reading_inner = AllocSetContextCreate(batches->context,
												   WINDOW_JOIN_NAME " reading",
												   ALLOCSET_SMALL_SIZES);
	batches->reading_outer = AllocSetContextCreate(batches->context,
												   WINDOW_JOIN_NAME " reading",
												   ALLOCSET_SMALL_SIZES);
	batches->count = count;
	batches->inner = MemoryContextAllocZero(batches->context, size);
	batches->outer = MemoryContextAllocZero(batches->context, size);
	batches->current = -1;
	PrepareTempTablespaces();
	return batches;
}

/*
 * The batch of a hash.
 */
static inline int
batch_of(const WindowBatches *batches, uint32 hash)
{
	/* the table's directory uses the leading bits */
	return hash & (batches->count - 1);
}

/*
 * Does the batch of this hash have inner rows?  Otherwise there is no need to
 * write an outer one.
 */
bool
window_batches_has_inner(const WindowBatches *batches, uint32 hash)
{
	const RowFile *inner = &batches->inner[batch_of(batches, hash)];

	/* what other processes write is not known yet */
	return inner->store != NULL || inner->file != NULL;
}

/*
 * Write a row to a file.
 */
static void
write_row(WindowBatches *batches, RowFile *rows, StoredRow *row,
		  MinimalTuple tuple)
{
	/* what is allocated belongs to the batches, and counts as theirs */
	MemoryContext caller = MemoryContextSwitchTo(batches->context);

	assert_file(rows);
	batches->largest = Max(batches->largest, tuple->t_len);
	if (rows->store != NULL)
		sts_puttuple(rows->shared, row, tuple);
	else
	{
		if (rows->file == NULL)
			rows->file = BufFileCreateTemp(false);
		BufFileWrite(rows->file, row, sizeof(StoredRow));
		BufFileWrite(rows->file, tuple, tuple->t_len);
	}
	MemoryContextSwitchTo(caller);
}

/*
 * Write a row to its batch, in the files of the inner or of the outer side.
 */
void
window_batches_write(WindowBatches *batches, RowFile *files,
					 uint32 hash, TimestampTz time, MinimalTuple tuple)
{
	StoredRow	row = {time, hash, 0};

	write_row(batches, &files[batch_of(batches, hash)], &row, tuple);
}

/*
 * Write the rows of a table's first chunk to a file, or to their batches if
 * that is NULL, and free it.
 */
static void
write_chunk(WindowBatches *batches, WindowTable *table, RowFile *file)
{
	RowChunk   *chunk = window_table_address(table, table->chunks);
	StoredRow  *row;
	Size		offset = 0;

	CHECK_FOR_INTERRUPTS();
	while ((row = next_stored_row(chunk, &offset)) != NULL)
		write_row(batches,
				  file != NULL ? file : &batches->inner[batch_of(batches, row->hash)],
				  row, StoredRowTuple(row));
	batches->peak = Max(batches->peak, table->chunk_bytes +
						MemoryContextMemAllocated(batches->context, true));
	window_table_drop_chunk(table);
}

/*
 * The memory that reading rows takes.
 */
static MemoryContext
reading_context(const WindowBatches *batches, const RowFile *rows)
{
	if (rows->store == NULL)
		return batches->context;
	return rows >= batches->inner && rows < batches->inner + batches->count ?
		batches->reading_inner : batches->reading_outer;
}

/*
 * Read the next row of a file, NULL at its end.  The tuple is good until the
 * next one is read.
 */
static MinimalTuple
read_row(const WindowBatches *batches, RowFile *rows, StoredRow *row)
{
	uint32		length;

	CHECK_FOR_INTERRUPTS();

	if (rows->store != NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(reading_context(batches, rows));

		rows->tuple = sts_parallel_scan_next(rows->shared, row);
		MemoryContextSwitchTo(caller);
		return rows->tuple;
	}
	if (rows->file == NULL ||
		BufFileReadMaybeEOF(rows->file, row, sizeof(StoredRow), true) == 0)
		return NULL;
	(void) BufFileReadMaybeEOF(rows->file, &length, sizeof(length), false);

	if (length > rows->tuple_size)
	{
		if (rows->tuple != NULL)
			pfree(rows->tuple);
		rows->tuple_size = 0;
		rows->tuple = MemoryContextAllocHuge(batches->context, length);
		rows->tuple_size = length;
	}
	rows->tuple->t_len = length;
	(void) BufFileReadMaybeEOF(rows->file, (char *) rows->tuple + sizeof(length),
							   length - sizeof(length), false);
	return rows->tuple;
}

/*
 * Start again with the first row of a tuplestore, which no other process reads.
 *
 * A tuplestore keeps some memory of each scan as long as it is attached, so it
 * is attached anew.
 */
static void
rewind_store(const WindowBatches *batches, RowFile *rows)
{
	MemoryContext context = reading_context(batches, rows);
	MemoryContext caller;

	sts_end_parallel_scan(rows->shared);
	MemoryContextReset(context);
	caller = MemoryContextSwitchTo(context);
	rows->shared = sts_attach(rows->store, ParallelWorkerNumber + 1,
							  batches->files);
	sts_reinitialize(rows->shared);
	sts_begin_parallel_scan(rows->shared);
	MemoryContextSwitchTo(caller);
}

/*
 * Start again with the first row of a file.
 */
static void
rewind_rows(const WindowBatches *batches, RowFile *rows)
{
	if (rows->store != NULL)
		rewind_store(batches, rows);
	else if (rows->file != NULL)
		window_rewind_file(rows->file);
}

/*
 * Discard the rows of a file.
 */
static void
close_rows(RowFile *rows)
{
	if (rows->store != NULL)
	{
		/* it must not be used once another batch is read */
		sts_end_parallel_scan(rows->shared);
		rows->shared = NULL;
		rows->store = NULL;
		return;
	}
	if (rows->file != NULL)
		BufFileClose(rows->file);
	if (rows->tuple != NULL)
		pfree(rows->tuple);
	memset(rows, 0, sizeof(RowFile));
}

/*
 * Give all rows of a table to their batches, and empty it.
 *
 * The table may be as large as the limit, and all files want buffers at once.
 * Rows that are in the way of these go to a file of their own first.
 */
void
window_batches_take_table(WindowBatches *batches, WindowTable *table,
						  Size limit)
{
	Size		buffers = FILE_MEMORY + EMPTY_BATCHES_MEMORY + batches->count *
	(batches->next != NULL ? STORE_MEMORY : FILE_MEMORY);
	RowFile		aside = {0};
	StoredRow	row;
	MinimalTuple tuple;

	assert_batches(batches);
	while (table->chunks != 0 && table->chunk_bytes + buffers > limit)
		write_chunk(batches, table, &aside);
	while (table->chunks != 0)
		write_chunk(batches, table, NULL);
	window_table_reset(table);

	rewind_rows(batches, &aside);
	while ((tuple = read_row(batches, &aside, &row)) != NULL)
		window_batches_write(batches, batches->inner, row.hash, row.time, tuple);
	close_rows(&aside);
	assert_batches(batches);
}

/*
 * How much of a limit is left to the table while batches are joined: all but
 * the buffers of files and the largest tuple of either side.
 */
Size
window_batches_table_limit(const WindowBatches *batches, Size limit)
{
	Size		tuples = 2 * batches->largest;
	Size		taken = 2 * batches->count * FILE_MEMORY;

	/* of tuplestores just those of one batch are read, in larger buffers */
	if (batches->next != NULL)
	{
		tuples *= 2;
		taken = 2 * FILE_MEMORY + 2 * batches->count * STORE_ACCESSOR_MEMORY;
	}
	taken += tuples + EMPTY_BATCHES_MEMORY;
	return limit > taken + MIN_TABLE_LIMIT ? limit - taken : MIN_TABLE_LIMIT;
}

/*
 * Take on the next batch, which no other process has.
 */
static int
take_batch(WindowBatches *batches)
{
	uint32		next = batches->current + 1;

	if (batches->next != NULL)
		next = pg_atomic_fetch_add_u32(batches->next, 1);
	batches->current = Min(next, (uint32) batches->count);
	return batches->current;
}

/*
 * Go to the next batch that has rows on both sides; false if there is none.
 */
static bool
next_batch(WindowBatches *batches)
{
	if (batches->current >= 0)
	{
		close_rows(&batches->inner[batches->current]);
		close_rows(&batches->outer[batches->current]);
	}

	while (take_batch(batches) < batches->count)
	{
		RowFile    *inner = &batches->inner[batches->current];
		RowFile    *outer = &batches->outer[batches->current];

		if (inner->store != NULL || (inner->file != NULL && outer->file != NULL))
		{
			rewind_rows(batches, inner);
			batches->inner_done = false;
			return true;
		}
		close_rows(inner);
		close_rows(outer);
	}
	batches->current = -1;
	return false;
}

/*
 * Put the next inner rows of the current batch into the table, as many as fit.
 */
static void
fill_table(WindowBatches *batches, WindowTable *table)
{
	RowFile    *inner = &batches->inner[batches->current];
	StoredRow	row;
	MinimalTuple tuple;

	Assert(table->rows == 0);
	/* the row that did not fit last time is still there */
	if (inner->pending)
	{
		(void) window_table_add(table, inner->row.hash, inner->row.time,
								inner->tuple);
		inner->pending = false;
	}
	while ((tuple = read_row(batches, inner, &row)) != NULL)
	{
		if (!window_table_add(table, row.hash, row.time, tuple))
		{
			inner->row = row;
			inner->pending = true;
			break;
		}
	}
	batches->inner_done = tuple == NULL;
}

/*
 * Fill the table with the next inner rows, as many as fit, to be joined with
 * the outer rows of their batch; false after the last.
 */
bool
window_batches_next_table(WindowBatches *batches, WindowTable *table)
{
	assert_batches(batches);
	do
	{
		window_table_reset(table);
		if ((batches->current < 0 || batches->inner_done) &&
			!next_batch(batches))
			return false;
		fill_table(batches, table);
	} while (table->rows == 0);

	window_table_sort(table);
	rewind_rows(batches, &batches->outer[batches->current]);
	assert_batches(batches);
	return true;
}

/*
 * The next outer row of the batch whose inner rows are in the table, NULL
 * after the last.
 */
MinimalTuple
window_batches_next_outer(WindowBatches *batches, StoredRow *row)
{
	Assert(batches->current >= 0 && batches->current < batches->count);
	return read_row(batches, &batches->outer[batches->current], row);
}

/*
 * Remove all files.
 */
void
window_batches_destroy(WindowBatches *batches)
{
	assert_batches(batches);
	for (int i = 0; i < batches->count; i++)
	{
		close_rows(&batches->inner[i]);
		close_rows(&batches->outer[i]);
	}
	MemoryContextDelete(batches->context);
	pfree(batches);
}
