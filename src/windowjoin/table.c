/*-------------------------------------------------------------------------
 *
 * table.c
 *	  Inner rows of the windowed join, by key and time.
 *
 * Rows lie one after the other in large pieces of memory.  Once all are in, an
 * array of small entries is sorted by hash and time, and a directory says
 * where in it the hashes with the same leading bits begin.  Rows of one key
 * are then neighbours in time order, and the first one of a window is a short
 * binary search away.
 *
 * Entries are put in order in two steps: how many rows there are in each
 * stripe of hashes is counted as rows come, so that each entry can be made in
 * its stripe; then each stripe is sorted.  That is faster than to sort them
 * all at once, and can be done by several processes.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "windowjoin/windowjoin.h"

/* Chunks grow from the first size to the last */
#define FIRST_CHUNK_SIZE	((Size) 8 * 1024)
#define LAST_CHUNK_SIZE		((Size) 1024 * 1024)

/* What an allocation takes beside what is asked for, at most */
#define ALLOCATION_OVERHEAD	((Size) 64)

/* What a table takes without rows: its context, directory and the like */
#define EMPTY_TABLE_MEMORY	((Size) 2048)

/* About as many entries share a place in the directory */
#define ENTRIES_PER_PLACE	4

/* More would make a directory that is larger than what palloc() gives */
#define MAX_DIRECTORY_BITS	24

/*
 * Order entries by hash, then by time.
 */
static inline int
compare_entries(const WindowEntry *a, const WindowEntry *b)
{
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return (a->time > b->time) - (a->time < b->time);
}

#define ST_SORT sort_entries
#define ST_ELEMENT_TYPE WindowEntry
#define ST_COMPARE(a, b) compare_entries(a, b)
#define ST_SCOPE static
#define ST_DECLARE
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

#ifdef USE_ASSERT_CHECKING
/*
 * Check that the rows in the chunks are as many, and in those stripes, as the
 * table says.
 */
static void
assert_rows(const WindowTable *table)
{
	uint32		stripe_rows[STRIPES] = {0};
	uint32		rows = 0;
	Size		bytes = 0;
	TablePointer next;

	for (TablePointer pointer = table->chunks; pointer != 0; pointer = next)
	{
		RowChunk   *chunk = window_table_address(table, pointer);
		StoredRow  *row;
		Size		offset = 0;

		Assert(chunk->used > 0 && chunk->used <= chunk->size);
		while ((row = next_stored_row(chunk, &offset)) != NULL)
		{
			stripe_rows[row->hash >> (32 - STRIPE_BITS)]++;
			rows++;
		}
		bytes += sizeof(RowChunk) + chunk->size + ALLOCATION_OVERHEAD;
		next = chunk->next;
	}
	Assert(rows == table->rows);
	Assert(bytes == table->chunk_bytes);
	Assert(memcmp(stripe_rows, table->stripe_rows, sizeof(stripe_rows)) == 0);
}
#endif

/*
 * What must be true of a table between calls.
 *
 * Its rows are looked at whenever they have doubled, and before they are
 * sorted, so that this does not take more than adding them.
 */
static inline void
assert_table(const WindowTable *table PG_USED_FOR_ASSERTS_ONLY)
{
	Assert(table->processes >= 1);
	Assert((table->rows == 0) == (table->chunks == 0));
	Assert((table->rows == 0) == (table->chunk_bytes == 0));
	Assert((table->entries == NULL) == (table->directory == NULL));
	Assert(table->filter == NULL || table->entries != NULL);
	Assert(table->entries == NULL || table->entry_count >= table->rows);
	Assert(table->entries == NULL || table->area != NULL ||
		   table->entry_count == table->rows);
	Assert(table->entries == NULL ||
		   (table->directory_bits >= STRIPE_BITS &&
			table->directory_bits <= MAX_DIRECTORY_BITS));
#ifdef USE_ASSERT_CHECKING
	if ((table->rows & (table->rows - 1)) == 0)
		assert_rows(table);
#endif
}

/*
 * The stripe of a hash.
 */
static inline uint32
stripe_of(uint32 hash)
{
	return hash >> (32 - STRIPE_BITS);
}

/*
 * The place in the directory of a hash.
 */
static inline uint32
directory_place(const WindowTable *table, uint32 hash)
{
	return hash >> (32 - table->directory_bits);
}

/*
 * Bytes that a row takes beside those in its chunk.
 */
static inline Size
entry_size(int processes)
{
	return sizeof(WindowEntry) + 2 * sizeof(uint32) / ENTRIES_PER_PLACE +
		processes * FILTER_BITS_PER_ENTRY / BITS_PER_BYTE;
}

/*
 * Bytes that a row with a tuple of this length takes in all.
 */
Size
window_row_size(Size tuple_length)
{
	return StoredRowSize(tuple_length) + entry_size(1);
}

/*
 * Make an empty table that keeps its memory below the limit.
 */
WindowTable *
window_table_create(MemoryContext parent, Size limit)
{
	WindowTable *table = MemoryContextAllocZero(parent, sizeof(WindowTable));

	/* small, so that each chunk is an allocation of its own */
	table->context = AllocSetContextCreate(parent, WINDOW_JOIN_NAME " rows",
										   ALLOCSET_SMALL_SIZES);
	table->processes = 1;
	table->limit = limit;
	assert_table(table);
	return table;
}

/*
 * Memory that this process's rows have in use, or will have once the table is
 * sorted.
 */
Size
window_table_memory(const WindowTable *table)
{
	return table->chunk_bytes + table->rows * entry_size(table->processes) +
		window_table_directory_size(STRIPE_BITS) + EMPTY_TABLE_MEMORY;
}

/*
 * Add a chunk with room for a row, if the limit allows it.
 */
static bool
add_chunk(WindowTable *table, Size row_size)
{
	Size		size = FIRST_CHUNK_SIZE;
	Size		left = 0;
	TablePointer pointer;
	RowChunk   *chunk;

	if (window_table_memory(table) < table->limit)
		left = table->limit - window_table_memory(table);

	/* doubling, but not so much that a large part would stay empty */
	while (size < LAST_CHUNK_SIZE && size < table->chunk_bytes / 4)
		size *= 2;
	while (size > FIRST_CHUNK_SIZE && size > left / 2)
		size /= 2;
	size = Max(size - sizeof(RowChunk), row_size);

	/* at least one row must fit, whatever the limit */
	if (table->rows > 0 &&
		sizeof(RowChunk) + size + ALLOCATION_OVERHEAD > left)
		return false;

	if (table->area != NULL)
		pointer = dsa_allocate_extended(table->area, sizeof(RowChunk) + size,
										DSA_ALLOC_HUGE);
	else
		pointer = (uintptr_t) MemoryContextAllocHuge(table->context,
													 sizeof(RowChunk) + size);
	chunk = window_table_address(table, pointer);
	chunk->size = size;
	chunk->used = 0;
	chunk->next = table->chunks;
	table->chunks = pointer;
	table->chunk_bytes += sizeof(RowChunk) + size + ALLOCATION_OVERHEAD;
	return true;
}

/*
 * Free the first chunk with its rows, which were written elsewhere.  The table
 * must be reset before any other use.
 */
void
window_table_drop_chunk(WindowTable *table)
{
	RowChunk   *chunk = window_table_address(table, table->chunks);
	TablePointer next = chunk->next;

	Assert(table->entries == NULL);
	Assert(table->chunk_bytes >= sizeof(RowChunk) + chunk->size);
	table->chunk_bytes -= sizeof(RowChunk) + chunk->size + ALLOCATION_OVERHEAD;
	if (table->area != NULL)
		dsa_free(table->area, table->chunks);
	else
		pfree(chunk);
	table->chunks = next;
}

/*
 * Add a row; false if it would not fit.
 */
bool
window_table_add(WindowTable *table, uint32 hash, TimestampTz time,
				 MinimalTuple tuple)
{
	Size		size = StoredRowSize(tuple->t_len);
	RowChunk   *chunk = NULL;
	StoredRow  *row;

	Assert(table->entries == NULL);
	assert_table(table);

	if (table->rows > 0 &&
		(table->rows == PG_INT32_MAX ||
		 window_table_memory(table) + entry_size(table->processes) > table->limit))
		return false;
	if (table->chunks != 0)
		chunk = window_table_address(table, table->chunks);
	if (chunk == NULL || chunk->size - chunk->used < size)
	{
		if (!add_chunk(table, size))
			return false;
		chunk = window_table_address(table, table->chunks);
	}

	row = (StoredRow *) ((char *) (chunk + 1) + chunk->used);
	row->time = time;
	row->hash = hash;
	row->unused = 0;
	memcpy(StoredRowTuple(row), tuple, tuple->t_len);
	chunk->used += size;
	table->rows++;
	table->stripe_rows[stripe_of(hash)]++;
	assert_table(table);
	return true;
}

/*
 * Make the entries of this process's rows, each at the next position of its
 * stripe.
 */
void
window_table_fill(const WindowTable *table, uint32 *positions)
{
	TablePointer next;

	for (TablePointer pointer = table->chunks; pointer != 0; pointer = next)
	{
		RowChunk   *chunk = window_table_address(table, pointer);
		StoredRow  *row;
		Size		offset = 0;

		CHECK_FOR_INTERRUPTS();
		while ((row = next_stored_row(chunk, &offset)) != NULL)
		{
			WindowEntry *entry = &table->entries[positions[stripe_of(row->hash)]++];

			entry->time = row->time;
			entry->hash = row->hash;
			entry->sameness = KEY_NOT_COMPARED;
			entry->row = pointer + ((char *) row - (char *) chunk);
		}
		next = chunk->next;
	}
}

/*
 * Check that a stripe is sorted, and that the directory says where in it
 * hashes begin.
 */
static inline void
assert_stripe(const WindowTable *table PG_USED_FOR_ASSERTS_ONLY,
			  uint32 stripe PG_USED_FOR_ASSERTS_ONLY,
			  uint32 first PG_USED_FOR_ASSERTS_ONLY,
			  uint32 end PG_USED_FOR_ASSERTS_ONLY)
{
#ifdef USE_ASSERT_CHECKING
	Assert(first <= end && end <= table->entry_count);
	for (uint32 i = first; i < end; i++)
	{
		const WindowEntry *entry = &table->entries[i];
		uint32		place = directory_place(table, entry->hash);

		Assert(stripe_of(entry->hash) == stripe);
		Assert(i == first || compare_entries(entry - 1, entry) <= 0);
		Assert(table->directory[place] <= i);
		Assert(table->directory[place] == i ||
			   directory_place(table, entry[-1].hash) == place);
	}
	Assert(table->directory[stripe << (table->directory_bits - STRIPE_BITS)] ==
		   first);
#endif
}

/*
 * Bits of a hash that a directory for this many entries tells apart.
 */
int
window_table_directory_bits(uint32 entry_count)
{
	uint32		places = Max(entry_count / ENTRIES_PER_PLACE, 1);

	/* no fewer than stripes, as each of these fills a part of it */
	return Max(STRIPE_BITS, Min(pg_leftmost_one_pos32(places),
								MAX_DIRECTORY_BITS));
}

/*
 * Bytes of a directory.
 */
Size
window_table_directory_size(int directory_bits)
{
	return (((Size) 1 << directory_bits) + 1) * sizeof(uint32);
}

/*
 * Sort the entries of a stripe, and note in the directory where each place's
 * hashes begin.
 */
void
window_table_sort_stripe(WindowTable *table, uint32 stripe,
						 uint32 first, uint32 end)
{
	int			bits = table->directory_bits - STRIPE_BITS;
	uint32		place = stripe << bits;
	uint32		place_end = (stripe + 1) << bits;

	sort_entries(table->entries + first, end - first);
	for (uint32 i = first; i < end; i++)
	{
		uint32		last = directory_place(table, table->entries[i].hash);

		while (place <= last)
			table->directory[place++] = i;
	}

	/* the last stripe's end is that of the directory */
	if (stripe == STRIPES - 1)
		place_end++;
	while (place < place_end)
		table->directory[place++] = end;
	assert_stripe(table, stripe, first, end);
}

/*
 * Make a table that is not shared ready for searches.
 */
void
window_table_sort(WindowTable *table)
{
	uint32		positions[STRIPES];
	uint32		first = 0;

	Assert(table->area == NULL && table->entries == NULL);
	assert_table(table);
#ifdef USE_ASSERT_CHECKING
	assert_rows(table);
#endif

	table->entry_count = table->rows;
	table->directory_bits = window_table_directory_bits(table->rows);
	table->entries = MemoryContextAllocHuge(table->context,
											Max(table->rows, 1) * sizeof(WindowEntry));
	table->directory = MemoryContextAlloc(table->context,
										  window_table_directory_size(table->directory_bits));

	for (uint32 stripe = 0; stripe < STRIPES; stripe++)
	{
		positions[stripe] = first;
		first += table->stripe_rows[stripe];
	}
	window_table_fill(table, positions);

	/* filling has moved each stripe's position to its end */
	for (uint32 stripe = 0; stripe < STRIPES; stripe++)
		window_table_sort_stripe(table, stripe,
								 positions[stripe] - table->stripe_rows[stripe],
								 positions[stripe]);
	Assert(first == table->entry_count);
	assert_table(table);
}

/*
 * Position of the first entry that has this hash and a time not before
 * "first", or of the one where it would be.
 */
uint32
window_table_find(const WindowTable *table, uint32 hash, TimestampTz first)
{
	uint32		place = directory_place(table, hash);
	uint32		low = table->directory[place];
	uint32		high = table->directory[place + 1];

	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;
		const WindowEntry *entry = &table->entries[middle];

		if (entry->hash < hash || (entry->hash == hash && entry->time < first))
			low = middle + 1;
		else
			high = middle;
	}

	Assert(low == 0 || table->entries[low - 1].hash < hash ||
		   (table->entries[low - 1].hash == hash &&
			table->entries[low - 1].time < first));
	Assert(low == table->entry_count || table->entries[low].hash > hash ||
		   (table->entries[low].hash == hash &&
			table->entries[low].time >= first));
	return low;
}

/*
 * Empty the table.  What it shares stays until it is freed for all processes.
 */
void
window_table_reset(WindowTable *table)
{
	MemoryContextReset(table->context);
	table->area = NULL;
	table->processes = 1;
	table->chunks = 0;
	table->chunk_bytes = 0;
	table->rows = 0;
	memset(table->stripe_rows, 0, sizeof(table->stripe_rows));
	table->entry_count = 0;
	table->entries = NULL;
	table->directory = NULL;
	table->filter = NULL;
	assert_table(table);
}

/*
 * Free chunks that were shared.
 */
void
window_table_free_chunks(dsa_area *area, TablePointer chunks)
{
	while (chunks != 0)
	{
		RowChunk   *chunk = dsa_get_address(area, chunks);
		TablePointer next = chunk->next;

		dsa_free(area, chunks);
		chunks = next;
	}
}
