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

/*
 * Bytes that a row takes beside those in its chunk.
 */
static inline Size
entry_size(void)
{
	return sizeof(WindowEntry) + 2 * sizeof(uint32) / ENTRIES_PER_PLACE;
}

/*
 * Bytes that a row with a tuple of this length takes in all.
 */
Size
window_row_size(Size tuple_length)
{
	return StoredRowSize(tuple_length) + entry_size();
}

/*
 * Make an empty table that keeps its memory below the limit.
 */
WindowTable *
window_table_create(MemoryContext parent, Size limit)
{
	WindowTable *table = MemoryContextAllocZero(parent, sizeof(WindowTable));

	table->context = AllocSetContextCreate(parent, "AzhuntWindowJoin rows",
										   ALLOCSET_DEFAULT_SIZES);
	table->limit = limit;
	return table;
}

/*
 * Memory in use, or what will be in use once the table is sorted.
 */
Size
window_table_memory(const WindowTable *table)
{
	return table->chunk_bytes + table->rows * entry_size();
}

/*
 * Add a chunk with room for a row, if the limit allows it.
 */
static bool
add_chunk(WindowTable *table, Size row_size)
{
	Size		size = FIRST_CHUNK_SIZE;
	Size		left = 0;
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
	if (table->rows > 0 && sizeof(RowChunk) + size > left)
		return false;

	chunk = MemoryContextAllocHuge(table->context, sizeof(RowChunk) + size);
	chunk->size = size;
	chunk->used = 0;
	chunk->next = table->chunks;
	table->chunks = chunk;
	table->chunk_bytes += sizeof(RowChunk) + size;
	return true;
}

/*
 * Add a row; false if it would not fit.
 */
bool
window_table_add(WindowTable *table, uint32 hash, TimestampTz time,
				 MinimalTuple tuple)
{
	Size		size = StoredRowSize(tuple->t_len);
	RowChunk   *chunk = table->chunks;
	StoredRow  *row;

	Assert(table->entries == NULL);

	if (table->rows > 0 &&
		(table->rows == PG_INT32_MAX ||
		 window_table_memory(table) + entry_size() > table->limit))
		return false;
	if (chunk == NULL || chunk->size - chunk->used < size)
	{
		if (!add_chunk(table, size))
			return false;
		chunk = table->chunks;
	}

	row = (StoredRow *) ((char *) (chunk + 1) + chunk->used);
	row->time = time;
	row->hash = hash;
	row->unused = 0;
	memcpy(StoredRowTuple(row), tuple, tuple->t_len);
	chunk->used += size;
	table->rows++;
	return true;
}

/*
 * Make the entries of all rows, in the order of the chunks.
 */
static void
make_entries(WindowTable *table)
{
	WindowEntry *entry;

	table->entries = MemoryContextAllocHuge(table->context,
											Max(table->rows, 1) * sizeof(WindowEntry));
	entry = table->entries;
	for (RowChunk *chunk = table->chunks; chunk != NULL; chunk = chunk->next)
	{
		StoredRow  *row;

		CHECK_FOR_INTERRUPTS();
		for (Size offset = 0; offset < chunk->used;
			 offset += StoredRowSize(StoredRowTuple(row)->t_len))
		{
			row = (StoredRow *) ((char *) (chunk + 1) + offset);
			entry->time = row->time;
			entry->hash = row->hash;
			entry->sameness = KEY_NOT_COMPARED;
			entry->row = row;
			entry++;
		}
	}
	Assert(entry == table->entries + table->rows);
}

/*
 * The place in the directory of a hash.
 */
static inline uint32
directory_place(const WindowTable *table, uint32 hash)
{
	/* a shift by all 32 bits would be undefined */
	return (uint32) ((uint64) hash >> (32 - table->directory_bits));
}

/*
 * Note where in the sorted entries each place's hashes begin.
 */
static void
make_directory(WindowTable *table)
{
	uint32		places;
	uint32		place = 0;

	table->directory_bits = 0;
	if (table->rows > ENTRIES_PER_PLACE)
		table->directory_bits = Min(pg_leftmost_one_pos32(table->rows / ENTRIES_PER_PLACE),
									MAX_DIRECTORY_BITS);
	places = (uint32) 1 << table->directory_bits;

	table->directory = MemoryContextAlloc(table->context,
										  (places + 1) * sizeof(uint32));
	for (uint32 i = 0; i < table->rows; i++)
	{
		uint32		last = directory_place(table, table->entries[i].hash);

		while (place <= last)
			table->directory[place++] = i;
	}
	while (place <= places)
		table->directory[place++] = table->rows;
}

/*
 * Make the table ready for searches.
 */
void
window_table_sort(WindowTable *table)
{
	make_entries(table);
	sort_entries(table->entries, table->rows);
	make_directory(table);
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
	return low;
}

/*
 * Empty the table.
 */
void
window_table_reset(WindowTable *table)
{
	MemoryContextReset(table->context);
	table->chunks = NULL;
	table->chunk_bytes = 0;
	table->rows = 0;
	table->entries = NULL;
	table->directory = NULL;
}
