/*-------------------------------------------------------------------------
 *
 * merge_index.c
 *	  The entries of many indexes in the order of key and time.
 *
 * All tables of both sides are read at once, each by its index.  Keys are
 * compared once for each key of each index: the tables that have the smallest
 * are then merged by time alone, until none of them has it any more.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/nbtree.h"
#include "access/stratnum.h"
#include "executor/instrument.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "windowjoin/merge.h"

/* The columns of the indexes */
#define KEY_COLUMN	1
#define TIME_COLUMN	2

/* To search an index takes as long as to read so many entries, about */
#define SEARCH_ENTRIES	64

/* Does one table come before another in a heap? */
typedef bool (*TablePrecedes) (MergeStream *stream, int a, int b);

/*
 * The condition for an index to return no key behind this process's range; how
 * many conditions that is.
 */
static int
make_range_end(MergeStream *stream, MergeSide side, ScanKey keys)
{
	if (stream->shares == 1 || stream->share >= (uint32) stream->range_count)
		return 0;
	ScanKeyEntryInitializeWithInfo(keys, 0, KEY_COLUMN,
								   BTLessEqualStrategyNumber,
								   stream->range_type, stream->collation,
								   &stream->until[side],
								   stream->ranges[stream->share]);
	return 1;
}

/*
 * The conditions for an index to return the keys of this process's range; how
 * many there are.
 */
static int
make_range_keys(MergeStream *stream, MergeSide side, ScanKey keys)
{
	int			count = 0;

	if (stream->range_count == 0 || stream->shares == 1)
		return 0;
	if (stream->share > 0)
		ScanKeyEntryInitializeWithInfo(&keys[count++], 0, KEY_COLUMN,
									   BTGreaterStrategyNumber,
									   stream->range_type, stream->collation,
									   &stream->after[side],
									   stream->ranges[stream->share - 1]);
	return count + make_range_end(stream, side, &keys[count]);
}

/*
 * Begin to read a table's index from its start, or that of the range.
 */
static void
begin_table(MergeStream *stream, MergeTable *table, Snapshot snapshot)
{
	Relation	heap = table->node->ss.ss_currentRelation;
	Relation	index = table->node->iss_RelationDesc;
	ScanKeyData keys[2];
	int			count = make_range_keys(stream, table->side, keys);

	table->scan = index_beginscan(heap, index, snapshot, NULL, count, 0, SO_NONE);
	table->scan->xs_want_itup = true;
	index_rescan(table->scan, keys, count, NULL, 0);
	table->fetch = table_index_fetch_begin(heap, SO_NONE);

	/* EXPLAIN shows what was fetched as the rows of the plan's scan */
	if (table->node->ss.ps.instrument != NULL)
		table->node->ss.ps.instrument->running = true;
}

/*
 * Have a table go on with the first entry of the same key that is not before a
 * time, or else the next key.
 */
static void
skip_to(MergeStream *stream, MergeTable *table, TimestampTz time)
{
	MergeSide	side = table->side;
	MemoryContext caller = MemoryContextSwitchTo(stream->context);
	Datum		key = datumCopy(table->key, stream->by_value[side],
								stream->length[side]);
	Datum		old_key = table->place[0].sk_argument;
	ScanKeyData keys[2];
	int			count = 1;

	memset(keys, 0, sizeof(keys));
	keys[0].sk_flags = SK_ROW_HEADER;
	keys[0].sk_attno = KEY_COLUMN;
	keys[0].sk_strategy = BTGreaterEqualStrategyNumber;
	keys[0].sk_argument = PointerGetDatum(table->place);
	count += make_range_end(stream, side, &keys[count]);
	if (table->scan->numberOfKeys != count)
	{
		Snapshot	snapshot = table->scan->xs_snapshot;

		index_endscan(table->scan);
		table->scan = index_beginscan(table->node->ss.ss_currentRelation,
									  table->node->iss_RelationDesc, snapshot,
									  NULL, count, 0, SO_NONE);
		table->scan->xs_want_itup = true;
	}
	ScanKeyEntryInitializeWithInfo(&table->place[0], SK_ROW_MEMBER, KEY_COLUMN,
								   BTGreaterEqualStrategyNumber,
								   stream->type[side], stream->collation,
								   &stream->key_order[side], key);
	ScanKeyEntryInitializeWithInfo(&table->place[1], SK_ROW_MEMBER | SK_ROW_END,
								   TIME_COLUMN, BTGreaterEqualStrategyNumber,
								   TIMESTAMPTZOID, InvalidOid,
								   &stream->time_order, TimestampTzGetDatum(time));
	index_rescan(table->scan, keys, count, NULL, 0);
	if (table->has_place && !stream->by_value[side])
		pfree(DatumGetPointer(old_key));
	table->has_place = true;
	MemoryContextSwitchTo(caller);
}

/*
 * Is a table's entry out of the period?  If many of one key were, which is when
 * times have only grown, have the table go on behind them.
 */
static bool
pass_entry(MergeStream *stream, MergeTable *table, TimestampTz before,
		   int *passed)
{
	TimestampTz next;

	if (table->time >= table->first && table->time <= table->last)
		return false;
	*passed = table->time < before ? 1 : *passed + 1;
	if (*passed < SEARCH_ENTRIES)
		return true;
	next = table->time < table->first ? table->first : PG_INT64_MAX;
	if (table->time < next)
		skip_to(stream, table, next);
	*passed = 0;
	return true;
}

/*
 * Go on to the next entry of a table's index that may be joined; false if there
 * is none.  Entries with a null in them join nothing, and keys that are null
 * come last.
 */
static bool
advance_table(MergeStream *stream, MergeTable *table)
{
	TimestampTz before = PG_INT64_MIN;
	int			passed = 0;
	bool		isnull;

	while (index_getnext_tid(table->scan, ForwardScanDirection) != NULL)
	{
		IndexScanDesc scan = table->scan;

		CHECK_FOR_INTERRUPTS();
		if (scan->xs_itup == NULL)
			elog(ERROR, "no entry was returned from index \"%s\"",
				 RelationGetRelationName(scan->indexRelation));

		stream->entries[table->side]++;
		table->key = index_getattr(scan->xs_itup, KEY_COLUMN,
								   scan->xs_itupdesc, &isnull);
		if (isnull)
			break;
		table->time = DatumGetTimestampTz(index_getattr(scan->xs_itup,
														TIME_COLUMN,
														scan->xs_itupdesc,
														&isnull));
		if (isnull)
			continue;
		if (pass_entry(stream, table, before, &passed))
		{
			before = table->time;
			continue;
		}
		table->hash = 0;
		if (table->hash_column != 0)
			table->hash = DatumGetUInt32(index_getattr(scan->xs_itup,
													   table->hash_column,
													   scan->xs_itupdesc,
													   &isnull));
		if (!isnull)
			return true;
	}
	stream->open[table->side]--;
	return false;
}

/*
 * Order of two keys, each of a side.
 */
static int
compare_keys(MergeStream *stream, MergeSide side_a, Datum a,
			 MergeSide side_b, Datum b)
{
	int			order;

	if (side_a == side_b || stream->same_type)
	{
		SortSupport ssup = &stream->order[side_a];

		return ssup->comparator(a, b, ssup);
	}
	if (side_a == MERGE_OUTER)
		return DatumGetInt32(FunctionCall2Coll(&stream->cross_order,
											   stream->collation, a, b));
	order = DatumGetInt32(FunctionCall2Coll(&stream->cross_order,
											stream->collation, b, a));
	return (order < 0) - (order > 0);
}

/*
 * The order of the heap of tables that wait.
 */
static bool
key_precedes(MergeStream *stream, int a, int b)
{
	MergeTable *table_a = &stream->tables[a];
	MergeTable *table_b = &stream->tables[b];

	return compare_keys(stream, table_a->side, table_a->key,
						table_b->side, table_b->key) < 0;
}

/*
 * The order of the heap of tables that are at the key: events before the
 * anchors of the same time, as their windows include it.
 */
static bool
time_precedes(MergeStream *stream, int a, int b)
{
	MergeTable *table_a = &stream->tables[a];
	MergeTable *table_b = &stream->tables[b];

	if (table_a->time != table_b->time)
		return table_a->time < table_b->time;
	return table_a->is_event && !table_b->is_event;
}

/*
 * Move the table at a heap's place down to where it belongs.
 */
static inline void
sift_down(MergeStream *stream, int *heap, int count, int place,
		  TablePrecedes precedes)
{
	int			table = heap[place];

	for (;;)
	{
		int			child = 2 * place + 1;

		if (child >= count)
			break;
		if (child + 1 < count && precedes(stream, heap[child + 1], heap[child]))
			child++;
		if (!precedes(stream, heap[child], table))
			break;
		heap[place] = heap[child];
		place = child;
	}
	heap[place] = table;
}

/*
 * Add a table to a heap.
 */
static inline void
push(MergeStream *stream, int *heap, int *count, int table,
	 TablePrecedes precedes)
{
	int			place = (*count)++;

	while (place > 0 && precedes(stream, table, heap[(place - 1) / 2]))
	{
		heap[place] = heap[(place - 1) / 2];
		place = (place - 1) / 2;
	}
	heap[place] = table;
}

/*
 * Remove the first table of a heap.
 *
 * The last one takes its place, and most often belongs far down:  so the way
 * there is found first, with one comparison for each step, and then the place on
 * it from below.
 */
static inline int
pop(MergeStream *stream, int *heap, int *count, TablePrecedes precedes)
{
	int			first = heap[0];
	int			last = heap[--(*count)];
	int			place = 0;

	for (int child = 1; child < *count; child = 2 * place + 1)
	{
		if (child + 1 < *count && precedes(stream, heap[child + 1], heap[child]))
			child++;
		heap[place] = heap[child];
		place = child;
	}
	while (place > 0 && precedes(stream, last, heap[(place - 1) / 2]))
	{
		heap[place] = heap[(place - 1) / 2];
		place = (place - 1) / 2;
	}
	heap[place] = last;
	return first;
}

/*
 * Keep a copy of a side's key.
 */
static void
keep_key(MergeStream *stream, MergeSide side, Datum key)
{
	Size		size;

	stream->has_key[side] = true;
	if (stream->by_value[side])
	{
		stream->key[side] = key;
		return;
	}

	size = datumGetSize(key, false, stream->length[side]);
	if (size > stream->key_buffer_size[side])
	{
		if (stream->key_buffer[side] != NULL)
			pfree(stream->key_buffer[side]);
		stream->key_buffer_size[side] = Max(2 * size, 64);
		stream->key_buffer[side] =
			MemoryContextAlloc(stream->context, stream->key_buffer_size[side]);
	}
	memcpy(stream->key_buffer[side], DatumGetPointer(key), size);
	stream->key[side] = PointerGetDatum(stream->key_buffer[side]);
}

/*
 * Is the key of a table's entry still the one that is being merged?
 *
 * Mostly the bytes tell.
 */
static inline bool
is_at_key(MergeStream *stream, const MergeTable *table)
{
	MergeSide	side = table->side;
	Datum		key = stream->key[side];

	if (stream->by_value[side])
	{
		if (table->key == key)
			return true;
	}
	else if (datum_image_eq(table->key, key, false, stream->length[side]))
		return true;
	return !stream->equal_image[side] &&
		compare_keys(stream, side, table->key, side, key) == 0;
}

/*
 * Start to merge the smallest key: all tables that are at it.
 */
static void
take_key(MergeStream *stream)
{
	MergeTable *first = &stream->tables[stream->waiting[0]];

	stream->has_key[MERGE_OUTER] = stream->has_key[MERGE_INNER] = false;
	keep_key(stream, first->side, first->key);
	do
	{
		int			number = pop(stream, stream->waiting,
								 &stream->waiting_count, key_precedes);
		MergeTable *table = &stream->tables[number];

		if (!stream->has_key[table->side])
			keep_key(stream, table->side, table->key);
		push(stream, stream->current, &stream->current_count, number,
			 time_precedes);
	} while (stream->waiting_count > 0 &&
			 compare_keys(stream, first->side, stream->key[first->side],
						  stream->tables[stream->waiting[0]].side,
						  stream->tables[stream->waiting[0]].key) == 0);
	stream->returned = false;
}

/*
 * Have a table that is past the key wait until it is its turn.
 */
static void
pass_key(MergeStream *stream)
{
	while (stream->passed_count > 0)
		push(stream, stream->waiting, &stream->waiting_count,
			 stream->passed[--stream->passed_count], key_precedes);
}

/*
 * Read past a key which only one side has, or another process joins.
 */
static void
skip_key(MergeStream *stream)
{
	while (stream->current_count > 0)
	{
		int			number = stream->current[--stream->current_count];
		MergeTable *table = &stream->tables[number];
		int			passed = 0;
		bool		found;

		do
		{
			if (++passed % SEARCH_ENTRIES == 0 && table->time < PG_INT64_MAX)
				skip_to(stream, table, PG_INT64_MAX);
			found = advance_table(stream, table);
		} while (found && is_at_key(stream, table));
		if (found)
			stream->passed[stream->passed_count++] = number;
	}
	pass_key(stream);
}

/*
 * Is the key one of those that this process joins?
 */
static bool
is_own_key(MergeStream *stream)
{
	if (stream->shares == 1 || stream->range_count > 0)
		return true;
	return DatumGetUInt32(FunctionCall1Coll(&stream->key_hash,
											stream->hash_collation,
											stream->key[MERGE_OUTER])) %
		stream->shares == stream->share;
}

/*
 * Go on to the next key that both sides have, of those that this process joins,
 * once all entries of the one before were returned; false if there is none.
 */
bool
merge_stream_next_key(MergeStream *stream)
{
	Assert(stream->current_count == 0);
	pass_key(stream);
	while (stream->open[MERGE_OUTER] > 0 && stream->open[MERGE_INNER] > 0)
	{
		take_key(stream);
		if (stream->has_key[MERGE_OUTER] && stream->has_key[MERGE_INNER] &&
			is_own_key(stream))
			return true;
		skip_key(stream);
	}
	return false;
}

/*
 * The table that is at the next entry of the key; NULL after the last.
 *
 * The entry stays where it is until the next call.
 */
MergeTable *
merge_stream_next(MergeStream *stream)
{
	if (stream->returned)
	{
		int			number = stream->current[0];
		MergeTable *table = &stream->tables[number];

		stream->returned = false;
		if (!advance_table(stream, table))
			(void) pop(stream, stream->current, &stream->current_count,
					   time_precedes);
		else if (is_at_key(stream, table))
			sift_down(stream, stream->current, stream->current_count, 0,
					  time_precedes);
		else
		{
			(void) pop(stream, stream->current, &stream->current_count,
					   time_precedes);
			stream->passed[stream->passed_count++] = number;
		}
	}
	if (stream->current_count == 0)
		return NULL;
	stream->returned = true;
	return &stream->tables[stream->current[0]];
}

/*
 * Find out how keys of one side are compared with each other.
 */
static void
init_side_order(MergeStream *stream, MergeSide side, Oid family, Oid type)
{
	SortSupport ssup = &stream->order[side];
	Oid			less = get_opfamily_member(family, type, type,
										   BTLessStrategyNumber);
	Oid			equal_image = get_opfamily_proc(family, type, type,
												BTEQUALIMAGE_PROC);

	if (!OidIsValid(less))
		elog(ERROR, "missing operator %d(%u,%u) in opfamily %u",
			 BTLessStrategyNumber, type, type, family);
	stream->type[side] = type;
	fmgr_info_cxt(get_opfamily_proc(family, type, type, BTORDER_PROC),
				  &stream->key_order[side], stream->context);
	ssup->ssup_cxt = stream->context;
	ssup->ssup_collation = stream->collation;
	PrepareSortSupportFromOrderingOp(less, ssup);
	stream->equal_image[side] = OidIsValid(equal_image) &&
		DatumGetBool(OidFunctionCall1Coll(equal_image, stream->collation,
										  ObjectIdGetDatum(type)));
}

/*
 * Find out how keys are compared, and divided among processes.
 */
void
merge_stream_init_order(MergeStream *stream, List *order,
						const OpExpr *equality)
{
	Oid			family = list_nth_oid(order, ORDER_FAMILY);
	Oid			outer = list_nth_oid(order, ORDER_OUTER_TYPE);
	Oid			inner = list_nth_oid(order, ORDER_INNER_TYPE);
	Oid			outer_hash;
	Oid			inner_hash;

	if (!get_op_hash_functions(equality->opno, &outer_hash, &inner_hash))
		elog(ERROR, "could not find hash function for hash operator %u",
			 equality->opno);
	fmgr_info_cxt(outer_hash, &stream->key_hash, stream->context);
	stream->hash_collation = equality->inputcollid;
	fmgr_info_cxt(F_TIMESTAMPTZ_CMP, &stream->time_order, stream->context);
	stream->collation = list_nth_oid(order, ORDER_COLLATION);
	init_side_order(stream, MERGE_OUTER, family, outer);
	init_side_order(stream, MERGE_INNER, family, inner);
	stream->same_type = outer == inner;
	if (!stream->same_type)
		fmgr_info_cxt(get_opfamily_proc(family, outer, inner, BTORDER_PROC),
					  &stream->cross_order, stream->context);
}

/*
 * Find the operator that compares a side's keys with the bounds of ranges.
 */
static void
init_range_operator(MergeStream *stream, FmgrInfo *function, Oid family,
					Oid type, StrategyNumber strategy)
{
	Oid			operator = get_opfamily_member(family, type, stream->range_type,
											   strategy);

	if (!OidIsValid(operator))
		elog(ERROR, "missing operator %d(%u,%u) in opfamily %u",
			 strategy, type, stream->range_type, family);
	fmgr_info_cxt(get_opcode(operator), function, stream->context);
}

/*
 * Remember the bounds of ranges: those that follow each other in the order of
 * keys, so that no key is in two ranges, wherever they come from.
 */
void
merge_stream_init_ranges(MergeStream *stream, List *order, List *ranges)
{
	Oid			family = list_nth_oid(order, ORDER_FAMILY);
	Oid			types[2];
	MergeSide	side;
	ListCell   *cell;

	if (ranges == NIL)
		return;
	types[MERGE_OUTER] = list_nth_oid(order, ORDER_OUTER_TYPE);
	types[MERGE_INNER] = list_nth_oid(order, ORDER_INNER_TYPE);
	stream->range_type = linitial_node(Const, ranges)->consttype;
	for (side = MERGE_OUTER; side <= MERGE_INNER; side++)
	{
		init_range_operator(stream, &stream->after[side], family, types[side],
							BTGreaterStrategyNumber);
		init_range_operator(stream, &stream->until[side], family, types[side],
							BTLessEqualStrategyNumber);
	}

	side = stream->range_type == types[MERGE_OUTER] ? MERGE_OUTER : MERGE_INNER;
	stream->ranges = palloc(list_length(ranges) * sizeof(Datum));
	foreach(cell, ranges)
	{
		Datum		key = lfirst_node(Const, cell)->constvalue;

		if (stream->range_count == 0 ||
			compare_keys(stream, side, stream->ranges[stream->range_count - 1],
						 side, key) < 0)
			stream->ranges[stream->range_count++] = key;
	}
}

/*
 * What a side's keys are like in its indexes, all of which have them alike.
 */
static void
note_key_layout(MergeStream *stream, const MergeTable *table)
{
	TupleDesc	columns = RelationGetDescr(table->node->iss_RelationDesc);
	Form_pg_attribute key = TupleDescAttr(columns, KEY_COLUMN - 1);

	stream->by_value[table->side] = key->attbyval;
	stream->length[table->side] = key->attlen;
}

/*
 * Begin to read all tables that may have rows of the period.
 */
void
merge_stream_start(MergeStream *stream, Snapshot snapshot)
{
	/* a row might come into the place of one whose entry was read */
	if (!IsMVCCSnapshot(snapshot))
		elog(ERROR, "windowed join by indexes needs an MVCC snapshot");

	merge_stream_end(stream);
	for (int i = 0; i < stream->table_count; i++)
	{
		MergeTable *table = &stream->tables[i];

		if (table->node == NULL || table->first > table->last)
			continue;
		note_key_layout(stream, table);
		begin_table(stream, table, snapshot);
		stream->open[table->side]++;
		if (advance_table(stream, table))
			push(stream, stream->waiting, &stream->waiting_count, i,
				 key_precedes);
	}
}

/*
 * Read no further.
 */
void
merge_stream_end(MergeStream *stream)
{
	for (int i = 0; i < stream->table_count; i++)
	{
		MergeTable *table = &stream->tables[i];

		if (table->fetch != NULL)
			table_index_fetch_end(table->fetch);
		if (table->scan != NULL)
			index_endscan(table->scan);
		if (table->has_place && !stream->by_value[table->side])
			pfree(DatumGetPointer(table->place[0].sk_argument));
		if (BufferIsValid(table->map_buffer))
			ReleaseBuffer(table->map_buffer);
		table->map_buffer = InvalidBuffer;
		table->has_place = false;
		table->fetch = NULL;
		table->scan = NULL;
	}
	stream->waiting_count = stream->current_count = stream->passed_count = 0;
	stream->open[MERGE_OUTER] = stream->open[MERGE_INNER] = 0;
	stream->returned = false;
}
