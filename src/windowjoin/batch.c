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

#include "windowjoin/windowjoin.h"

/*
 * Make batches, all of them empty.
 */
WindowBatches *
window_batches_create(MemoryContext parent, int count)
{
	WindowBatches *batches = MemoryContextAllocZero(parent, sizeof(WindowBatches));
	Size		size = count * sizeof(RowFile);

	batches->context = AllocSetContextCreate(parent, "AzhuntWindowJoin batches",
											 ALLOCSET_DEFAULT_SIZES);
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
	return inner->shared != NULL || inner->file != NULL;
}

/*
 * Write a row to its batch, in the files of the inner or of the outer side.
 */
void
window_batches_write(WindowBatches *batches, RowFile *files,
					 uint32 hash, TimestampTz time, MinimalTuple tuple)
{
	RowFile    *rows = &files[batch_of(batches, hash)];
	StoredRow	row = {time, hash, 0};

	if (rows->shared != NULL)
	{
		sts_puttuple(rows->shared, &row, tuple);
		return;
	}
	if (rows->file == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(batches->context);

		rows->file = BufFileCreateTemp(false);
		MemoryContextSwitchTo(caller);
	}
	BufFileWrite(rows->file, &row, sizeof(row));
	BufFileWrite(rows->file, tuple, tuple->t_len);
}

/*
 * Write all rows of a table to their batches.
 */
void
window_batches_add_table(WindowBatches *batches, const WindowTable *table)
{
	TablePointer next;

	for (TablePointer pointer = table->chunks; pointer != 0; pointer = next)
	{
		RowChunk   *chunk = window_table_address(table, pointer);
		StoredRow  *row;

		CHECK_FOR_INTERRUPTS();
		for (Size offset = 0; offset < chunk->used;
			 offset += StoredRowSize(StoredRowTuple(row)->t_len))
		{
			row = (StoredRow *) ((char *) (chunk + 1) + offset);
			window_batches_write(batches, batches->inner, row->hash,
								 row->time, StoredRowTuple(row));
		}
		next = chunk->next;
	}
}

/*
 * Read bytes that must be there, or, where that is allowed, the end.
 */
static bool
read_bytes(BufFile *file, void *buffer, Size size, bool end_allowed)
{
#if PG_VERSION_NUM >= 160000
	return BufFileReadMaybeEOF(file, buffer, size, end_allowed) > 0;
#else
	size_t		bytes = BufFileRead(file, buffer, size);

	if (bytes != size && !(bytes == 0 && end_allowed))
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read from temporary file of a windowed join: read only %zu of %zu bytes",
						bytes, size)));
	return bytes > 0;
#endif
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

	if (rows->shared != NULL)
	{
		rows->tuple = sts_parallel_scan_next(rows->shared, row);
		return rows->tuple;
	}
	if (rows->file == NULL ||
		!read_bytes(rows->file, row, sizeof(StoredRow), true))
		return NULL;
	(void) read_bytes(rows->file, &length, sizeof(length), false);

	if (length > rows->tuple_size)
	{
		if (rows->tuple != NULL)
			pfree(rows->tuple);
		rows->tuple_size = 0;
		rows->tuple = MemoryContextAllocHuge(batches->context, length);
		rows->tuple_size = length;
	}
	rows->tuple->t_len = length;
	(void) read_bytes(rows->file, (char *) rows->tuple + sizeof(length),
					  length - sizeof(length), false);
	return rows->tuple;
}

/*
 * Start again with the first row of a file.
 */
static void
rewind_rows(RowFile *rows)
{
	if (rows->shared != NULL)
	{
		/* no other process reads what this one has taken on */
		sts_end_parallel_scan(rows->shared);
		sts_reinitialize(rows->shared);
		sts_begin_parallel_scan(rows->shared);
	}
	else if (rows->file != NULL && BufFileSeek(rows->file, 0, 0, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not rewind temporary file of a windowed join")));
}

/*
 * Forget the rows of a file.
 */
static void
close_rows(RowFile *rows)
{
	if (rows->shared != NULL)
	{
		sts_end_parallel_scan(rows->shared);
		return;
	}
	if (rows->file != NULL)
		BufFileClose(rows->file);
	if (rows->tuple != NULL)
		pfree(rows->tuple);
	memset(rows, 0, sizeof(RowFile));
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

		if (inner->shared != NULL || (inner->file != NULL && outer->file != NULL))
		{
			rewind_rows(inner);
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
	do
	{
		window_table_reset(table);
		if ((batches->current < 0 || batches->inner_done) &&
			!next_batch(batches))
			return false;
		fill_table(batches, table);
	} while (table->rows == 0);

	window_table_sort(table);
	rewind_rows(&batches->outer[batches->current]);
	return true;
}

/*
 * The next outer row of the batch whose inner rows are in the table, NULL
 * after the last.
 */
MinimalTuple
window_batches_next_outer(WindowBatches *batches, StoredRow *row)
{
	return read_row(batches, &batches->outer[batches->current], row);
}

/*
 * Remove all files.
 */
void
window_batches_destroy(WindowBatches *batches)
{
	for (int i = 0; i < batches->count; i++)
	{
		close_rows(&batches->inner[i]);
		close_rows(&batches->outer[i]);
	}
	MemoryContextDelete(batches->context);
	pfree(batches);
}
