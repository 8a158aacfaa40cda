/*-------------------------------------------------------------------------
 *
 * merge_fetch.c
 *	  The rows of pairs that were found by their index entries.
 *
 * Pairs are collected into a batch.  Then the rows of one side are fetched in
 * the order in which they lie in their tables, and of the other side those that
 * still have a partner.  A row may be in many pairs, and is fetched once.
 *
 * With an MVCC snapshot, an entry's row can be fetched long after the entry was
 * read, as a bitmap scan does: if the row was visible, it is still there, and
 * what may have come into its place meanwhile is not visible.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_am.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/spccache.h"

#include "windowjoin/merge.h"

/* Pairs of the first batch, so that a LIMIT does not wait for a large one */
#define FIRST_PAIRS		1024

/* Each batch may have as many times the pairs of the one before */
#define PAIRS_GROWTH	4

/* As many pairs at most, and rows that stay for the next batch: so twice as many
 * rows can be numbered, and room be doubled */
#define MOST_PAIRS		(PG_UINT32_MAX / 4)

/* Rows that there is room for at first */
#define FIRST_ROWS		64

/* Where a row lies */
typedef struct RowPlace
{
	uint32		table;
	uint32		row;
	uint64		place;			/* block and offset */
} RowPlace;

#define PlaceBlock(p)	((BlockNumber) ((p)->place >> 16))

static inline int
compare_places(const RowPlace *a, const RowPlace *b)
{
	if (a->table != b->table)
		return a->table < b->table ? -1 : 1;
	return (a->place > b->place) - (a->place < b->place);
}

#define ST_SORT sort_places
#define ST_ELEMENT_TYPE RowPlace
#define ST_COMPARE(a, b) compare_places(a, b)
#define ST_SCOPE static
#define ST_DECLARE
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

/*
 * Create a batch without pairs.
 */
MergeBatch *
merge_batch_create(MemoryContext parent, Size limit, int outer_width,
				   int inner_width)
{
	/* small, so that arrays are allocations of their own */
	MemoryContext context = AllocSetContextCreate(parent, WINDOW_MERGE_NAME " batch",
												  ALLOCSET_SMALL_SIZES);
	MergeBatch *batch = MemoryContextAllocZero(context, sizeof(MergeBatch));
	Size		block = ALLOCSET_SMALL_INITSIZE;

	/* the last block may be empty, and counts */
	while (block < ALLOCSET_DEFAULT_MAXSIZE && block < limit / 32)
		block *= 2;
	batch->context = context;
	batch->tuples = AllocSetContextCreate(context, WINDOW_MERGE_NAME " rows",
										  ALLOCSET_DEFAULT_MINSIZE,
										  Min(block, ALLOCSET_DEFAULT_INITSIZE),
										  block);
	batch->limit = limit - block;
	batch->block = block;
	batch->sides[MERGE_OUTER].width = outer_width;
	batch->sides[MERGE_INNER].width = inner_width;
	return batch;
}

/*
 * The bytes that a batch takes.
 */
static Size
batch_bytes(const MergeBatch *batch)
{
	return MemoryContextMemAllocated(batch->context, true);
}

/*
 * The bytes by which an array grows if as many are added as come before the next
 * look at them.
 */
static Size
growth(uint32 count, uint32 capacity, Size size)
{
	return (Size) count + FIRST_ROWS <= capacity ? 0 :
		Max(capacity, FIRST_ROWS) * size;
}

/*
 * The bytes that the new rows of a side will take while they are fetched, and by
 * which its array grows.
 */
static double
expected_bytes(const MergeRows *rows)
{
	return rows->pending * (rows->width + sizeof(RowPlace)) +
		growth(rows->count, rows->capacity, sizeof(MergeRow));
}

/*
 * Is there no room for some more pairs, whose rows are all new?
 */
static bool
has_no_room(const MergeBatch *batch)
{
	double		bytes = batch_bytes(batch) +
	expected_bytes(&batch->sides[MERGE_OUTER]) +
	expected_bytes(&batch->sides[MERGE_INNER]) +
	growth(batch->pair_count, batch->pair_capacity, sizeof(MergePair));

	return bytes > batch->limit;
}

/*
 * Are there as many pairs as are joined at once?
 */
bool
merge_batch_is_full(const MergeBatch *batch)
{
	if (batch->pair_count >= batch->pair_limit)
		return true;

	/* not for each pair, as they take little */
	return batch->pair_count % FIRST_ROWS == FIRST_ROWS - 1 && has_no_room(batch);
}

/*
 * Room for one more of an array.
 */
static void *
make_room(MergeBatch *batch, void *array, uint32 count, uint32 *capacity,
		  Size size)
{
	if (count < *capacity)
		return array;
	*capacity = Max(FIRST_ROWS, *capacity * 2);
	if (array == NULL)
		return MemoryContextAlloc(batch->context, *capacity * size);
	return repalloc_huge(array, *capacity * size);
}

/*
 * Add an entry's row; its number in the batch.
 */
uint32
merge_batch_add_row(MergeBatch *batch, MergeSide side, const MergeEntry *entry)
{
	MergeRows  *rows = &batch->sides[side];
	MergeRow   *row;

	rows->rows = make_room(batch, rows->rows, rows->count, &rows->capacity,
						   sizeof(MergeRow));
	row = &rows->rows[rows->count];
	row->table = entry->table;
	row->tid = entry->tid;
	row->joined = false;
	row->anchor = MERGE_NONE;
	if (entry->visible)
	{
		row->content.time = entry->time;
		row->state = ROW_IN_ENTRY;
		rows->unfetched++;
	}
	else
	{
		row->state = ROW_UNKNOWN;
		rows->pending++;
	}
	return rows->count++;
}

/*
 * Add a pair of rows that are in the batch.
 */
void
merge_batch_add_pair(MergeBatch *batch, uint32 event, uint32 anchor)
{
	MergePair  *pair;

	batch->pairs = make_room(batch, batch->pairs, batch->pair_count,
							 &batch->pair_capacity, sizeof(MergePair));
	pair = &batch->pairs[batch->pair_count++];
	pair->event = event;
	pair->anchor = anchor;
}

/*
 * Fetch a row from its table: as it comes out of the plan's scan, or NULL if it
 * is not visible or its conditions are not true.
 */
TupleTableSlot *
merge_fetch_row(WindowMergeState *state, MergeSide side, MergeRow *row)
{
	MergeTable *table = &state->stream->tables[row->table];
	ScanState  *scan = &table->node->ss;
	ExprContext *context = scan->ps.ps_ExprContext;
	TupleTableSlot *slot = scan->ss_ScanTupleSlot;
	ItemPointerData tid = row->tid;
	bool		call_again = false;

	ResetExprContext(context);
	if (!table_index_fetch_tuple(table->fetch, &tid,
								 state->css.ss.ps.state->es_snapshot, slot,
								 &call_again, NULL))
		return NULL;

	state->batch->sides[side].fetched++;
	context->ecxt_scantuple = slot;
	if (!ExecQual(scan->ps.qual, context))
	{
		InstrCountFiltered1(&scan->ps, 1);
		return NULL;
	}
	if (scan->ps.instrument != NULL)
		scan->ps.instrument->tuplecount += 1;
	return scan->ps.ps_ProjInfo != NULL ? ExecProject(scan->ps.ps_ProjInfo) : slot;
}

/*
 * Fetch a row, and keep it if there is room.
 */
static void
keep_row(WindowMergeState *state, MergeSide side, MergeRow *row)
{
	MergeBatch *batch = state->batch;
	TupleTableSlot *slot = merge_fetch_row(state, side, row);
	MemoryContext caller;

	if (slot == NULL)
	{
		row->state = ROW_REJECTED;
		return;
	}
	row->state = ROW_UNKNOWN;
	if (batch_bytes(batch) > batch->limit)
		return;
	caller = MemoryContextSwitchTo(batch->tuples);
	row->content.tuple = ExecCopySlotMinimalTuple(slot);
	MemoryContextSwitchTo(caller);

	/* those that are larger than a block have one of their own */
	if (batch_bytes(batch) > batch->limit + batch->block)
		pfree(row->content.tuple);
	else
		row->state = ROW_KEPT;
}

/*
 * How many rows of a side are wanted.
 */
static uint32
count_wanted(const MergeRows *rows)
{
	uint32		count = 0;

	for (uint32 i = 0; i < rows->count; i++)
		count += rows->rows[i].state == ROW_WANTED;
	return count;
}

/*
 * The rows of a side that are wanted, in the order in which they lie in the
 * tables.
 */
static RowPlace *
sort_rows(const MergeBatch *batch, const MergeRows *rows, uint32 *count)
{
	RowPlace   *places = MemoryContextAllocHuge(batch->context,
												Max(count_wanted(rows), 1) * sizeof(RowPlace));

	*count = 0;
	for (uint32 i = 0; i < rows->count; i++)
	{
		const MergeRow *row = &rows->rows[i];
		RowPlace   *place = &places[*count];

		if (row->state != ROW_WANTED)
			continue;
		place->table = row->table;
		place->row = i;
		place->place = (uint64) ItemPointerGetBlockNumber(&row->tid) << 16 |
			ItemPointerGetOffsetNumber(&row->tid);
		(*count)++;
	}
	sort_places(places, *count);
	return places;
}

/*
 * As many pages of a table are read ahead.
 */
static int
pages_ahead(const MergeTable *table)
{
	Relation	heap = table->node->ss.ss_currentRelation;

	if (heap->rd_rel->relam != HEAP_TABLE_AM_OID)
		return 0;
	return get_tablespace_io_concurrency(heap->rd_rel->reltablespace);
}

/*
 * Have pages of the rows ahead read, "distance" in all.
 */
static void
read_ahead(WindowMergeState *state, const RowPlace *places, uint32 count,
		   uint32 at, uint32 *ahead, int *distance, int limit)
{
	const MergeTable *table = &state->stream->tables[places[at].table];

	*ahead = Max(*ahead, at + 1);
	while (*distance < limit && *ahead < count &&
		   places[*ahead].table == places[at].table)
	{
		const RowPlace *place = &places[*ahead];

		if (PlaceBlock(place) != PlaceBlock(place - 1))
		{
			(void) PrefetchBuffer(table->node->ss.ss_currentRelation,
								  MAIN_FORKNUM, PlaceBlock(place));
			(*distance)++;
		}
		(*ahead)++;
	}
}

/*
 * Keep no page of a table in the cache that is not read for now.
 */
static void
release_page(WindowMergeState *state, uint32 number)
{
	MergeTable *table = &state->stream->tables[number];

	ExecClearTuple(table->node->ss.ss_ScanTupleSlot);
	table_index_fetch_reset(table->fetch);
}

/*
 * Fetch the rows of a side that are wanted.
 */
static void
fetch_rows(WindowMergeState *state, MergeSide side)
{
	MergeBatch *batch = state->batch;
	MergeRows  *rows = &batch->sides[side];
	Size		before = MemoryContextMemAllocated(batch->tuples, false);
	uint32		count;
	RowPlace   *places = sort_rows(batch, rows, &count);
	uint32		ahead = 0;
	uint32		kept = 0;
	int			distance = 0;
	int			limit = 0;

	for (uint32 i = 0; i < count; i++)
	{
		MergeRow   *row = &rows->rows[places[i].row];
		bool		first = i == 0 || places[i].table != places[i - 1].table;

		CHECK_FOR_INTERRUPTS();
		if (first && i > 0)
			release_page(state, places[i - 1].table);
		if (first)
		{
			limit = pages_ahead(&state->stream->tables[row->table]);
			distance = 0;
		}
		if (first || PlaceBlock(&places[i]) != PlaceBlock(&places[i - 1]))
		{
			rows->pages++;
			distance = Max(distance - 1, 0);
		}
		if (limit > 0)
			read_ahead(state, places, count, i, &ahead, &distance, limit);
		keep_row(state, side, row);
		kept += row->state == ROW_KEPT;
	}
	if (count > 0)
		release_page(state, places[count - 1].table);
	if (kept >= FIRST_ROWS)
		rows->width = (double) (MemoryContextMemAllocated(batch->tuples, false) -
								before) / kept;
	rows->pending = 0;
	batch->peak = Max(batch->peak, batch_bytes(batch));
	pfree(places);
}

/*
 * Want the rows of a side that may be joined, by what is known of the other.
 */
static void
want_rows(WindowMergeState *state, MergeSide side, bool other_known)
{
	MergeBatch *batch = state->batch;
	bool		is_event = (side == MERGE_OUTER) == state->outer_is_event;
	MergeRow   *rows = batch->sides[side].rows;
	MergeRow   *others = batch->sides[1 - side].rows;

	for (uint32 i = 0; i < batch->pair_count; i++)
	{
		const MergePair *pair = &batch->pairs[i];
		MergeRow   *row = &rows[is_event ? pair->event : pair->anchor];
		MergeRow   *other = &others[is_event ? pair->anchor : pair->event];

		if (row->state == ROW_UNKNOWN &&
			!(other_known && other->state == ROW_REJECTED))
			row->state = ROW_WANTED;
	}
}

/*
 * Fetch the rows of all pairs: first those of the side that has fewer new ones,
 * then those of the other side that have a partner left.
 */
void
merge_batch_fetch(WindowMergeState *state)
{
	MergeBatch *batch = state->batch;
	MergeSide	first = MERGE_OUTER;

	if (batch->pair_count == 0)
		return;
	if (batch->sides[MERGE_INNER].pending < batch->sides[MERGE_OUTER].pending)
		first = MERGE_INNER;
	want_rows(state, first, false);
	fetch_rows(state, first);
	want_rows(state, 1 - first, true);
	fetch_rows(state, 1 - first);

	state->batches++;
	state->pairs += batch->pair_count;
}

/*
 * Forget all rows and pairs.
 */
void
merge_batch_clear(MergeBatch *batch)
{
	batch->pair_count = batch->next_pair = 0;
	for (MergeSide side = MERGE_OUTER; side <= MERGE_INNER; side++)
		batch->sides[side].count = batch->sides[side].pending = 0;
	MemoryContextReset(batch->tuples);
}

/*
 * Have room for the first pairs of a scan, or more than for those before.  Rows
 * stay as long as they take little; true if they do not.
 */
bool
merge_batch_next(MergeBatch *batch)
{
	Size		rows = (Size) batch->sides[MERGE_OUTER].count +
	batch->sides[MERGE_INNER].count;
	Size		most = Min(batch->limit / 4 / sizeof(MergePair), MOST_PAIRS);

	batch->pair_limit = batch->pair_count == 0 ? FIRST_PAIRS :
		Min(most, (Size) batch->pair_limit * PAIRS_GROWTH);
	batch->pair_count = batch->next_pair = 0;
	if (rows <= MOST_PAIRS &&
		MemoryContextMemAllocated(batch->tuples, false) +
		rows * sizeof(MergeRow) <= batch->limit / 4 &&
		!has_no_room(batch))
		return false;
	merge_batch_clear(batch);
	return true;
}
