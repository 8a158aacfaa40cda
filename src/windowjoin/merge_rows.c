/*-------------------------------------------------------------------------
 *
 * merge_rows.c
 *	  Pairs of index entries as joined rows.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/visibilitymap.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/predicate.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "windowjoin/merge.h"
#include "windowjoin/node.h"

/*
 * Is the page that an entry's row lies on marked as all-visible?
 */
static bool
is_all_visible(MergeTable *table, const ItemPointerData *tid)
{
	return VM_ALL_VISIBLE(table->node->ss.ss_currentRelation,
						  ItemPointerGetBlockNumber(tid), &table->map_buffer);
}

/*
 * What is kept of the entry that a table is at.
 *
 * As in an index-only scan, the entry's page of the index is pinned, so that no
 * vacuum can have removed the row, and have something else put into its place,
 * before the visibility map is looked at.
 */
void
merge_copy_entry(MergeTable *table, MergeEntry *entry)
{
	entry->time = table->time;
	entry->hash = table->hash;
	entry->table = table->number;
	entry->tid = table->scan->xs_heaptid;
	entry->visible = table->is_from_entries && is_all_visible(table, &entry->tid);
	entry->joined = false;
	entry->next = MERGE_NONE;
	entry->row = MERGE_NONE;
}

/*
 * Lock the page of an entry's row for a serializable transaction, as a row that is
 * read would be.
 *
 * The entry may have been read long ago.  Who has changed the page since has not
 * seen the lock, so the row is fetched after all, which notices that.
 */
static void
lock_page(MergeTable *table, MergeEntry *entry, Snapshot snapshot)
{
	PredicateLockPage(table->node->ss.ss_currentRelation,
					  ItemPointerGetBlockNumber(&entry->tid), snapshot);
	entry->visible = is_all_visible(table, &entry->tid);
}

/*
 * Add an entry's row to the batch; its number there.
 */
uint32
merge_add_row(WindowMergeState *state, MergeSide side, MergeEntry *entry)
{
	MergeTable *table = &state->stream->tables[entry->table];
	NodeInstrumentation *instrument = table->node->ss.ps.instrument;
	uint32		number;

	if (entry->visible && IsolationIsSerializable())
		lock_page(table, entry, state->css.ss.ps.state->es_snapshot);
	number = merge_batch_add_row(state->batch, side, entry);
	if (!table->is_event)
		state->batch->sides[side].rows[number].anchor = entry->next;
	if (entry->visible && instrument != NULL)
		instrument->tuplecount += 1;
	return number;
}

/*
 * Was an outer row returned already?
 */
static bool
is_joined(const WindowMergeState *state, const MergeRow *row)
{
	return row->joined ||
		(row->anchor != MERGE_NONE &&
		 merge_ring_is_joined(state->ring, row->anchor));
}

/*
 * Remember that an outer row was returned.
 */
static void
set_joined(WindowMergeState *state, MergeRow *row)
{
	row->joined = true;
	if (row->anchor != MERGE_NONE)
		merge_ring_set_joined(state->ring, row->anchor);
}

/*
 * Have the entries whose rows were returned join no others, before the batch
 * forgets these.
 */
void
merge_keep_joined(WindowMergeState *state)
{
	const MergeRow *rows = state->batch->sides[MERGE_OUTER].rows;
	MergeRing  *ring = state->ring;

	if (!state->outer_is_event)
	{
		if (state->matching && state->anchor.row != MERGE_NONE)
			state->anchor.joined |= rows[state->anchor.row].joined;
		merge_ring_forget_anchors(ring);
		return;
	}
	for (uint64 number = ring->first; number < ring->end; number++)
	{
		MergeEntry *event = &ring->entries[number & (ring->capacity - 1)];

		if (event->row != MERGE_NONE)
			event->joined |= rows[event->row].joined;
	}
}

/*
 * Put what is known of a row that is not fetched into the joined row.
 */
static void
load_entry(WindowMergeState *state, MergeSide side, const MergeRow *row)
{
	TupleTableSlot *joined = state->css.ss.ss_ScanTupleSlot;
	int			first = side == MERGE_OUTER ? 0 : state->inner_column;
	int			end = side == MERGE_OUTER ? state->inner_column :
	joined->tts_tupleDescriptor->natts;
	ListCell   *cell;

	memset(joined->tts_isnull + first, true, (end - first) * sizeof(bool));
	foreach(cell, state->time_columns[side])
	{
		int			column = first + lfirst_int(cell);

		joined->tts_values[column] = TimestampTzGetDatum(row->content.time);
		joined->tts_isnull[column] = false;
	}
}

/*
 * Load the row of one side of a pair; false if it is not joined.
 */
static bool
load_row(WindowMergeState *state, MergeSide side, uint32 number)
{
	MergeRow   *row = &state->batch->sides[side].rows[number];
	TupleTableSlot *slot;

	if (row->state == ROW_REJECTED)
		return false;
	if (state->loaded[side] == number)
		return true;

	state->loaded[side] = MERGE_NONE;
	if (row->state == ROW_IN_ENTRY)
	{
		load_entry(state, side, row);
		state->loaded[side] = number;
		return true;
	}
	if (row->state == ROW_KEPT)
	{
		slot = state->stored[side];
		ExecStoreMinimalTuple(row->content.tuple, slot, false);
	}
	else
	{
		slot = merge_fetch_row(state, side, row);
		if (slot == NULL)
		{
			row->state = ROW_REJECTED;
			return false;
		}
	}
	window_load_row(state->css.ss.ss_ScanTupleSlot,
					side == MERGE_OUTER ? 0 : state->inner_column, slot);
	state->loaded[side] = number;
	return true;
}

/*
 * Load the next pair of the batch that is joined; false if there is none.
 */
bool
merge_next_pair(WindowMergeState *state)
{
	PlanState  *ps = &state->css.ss.ps;
	MergeBatch *batch = state->batch;

	while (batch->next_pair < batch->pair_count)
	{
		const MergePair *pair = &batch->pairs[batch->next_pair++];
		uint32		outer = state->outer_is_event ? pair->event : pair->anchor;
		uint32		inner = state->outer_is_event ? pair->anchor : pair->event;
		MergeRow   *outer_row = &batch->sides[MERGE_OUTER].rows[outer];

		CHECK_FOR_INTERRUPTS();
		ResetExprContext(ps->ps_ExprContext);
		if ((state->is_semi && is_joined(state, outer_row)) ||
			!load_row(state, MERGE_OUTER, outer) ||
			!load_row(state, MERGE_INNER, inner))
			continue;
		if (ExecQual(state->filter, ps->ps_ExprContext))
		{
			if (state->is_semi)
				set_joined(state, outer_row);
			return true;
		}
		InstrCountFiltered1(ps, 1);
	}
	return false;
}
