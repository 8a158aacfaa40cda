/*-------------------------------------------------------------------------
 *
 * merge_exec.c
 *	  Execution of the windowed join by a merge of indexes.
 *
 * Entries of both sides are read in the order of key and time, pairs are found
 * by what is in the entries, and only then are rows fetched.  README.md tells
 * the whole of it.
 *
 * Conditions on both sides read the joined row: the scan tuple, which has the
 * columns of both sides, the outer one's first.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "azhunt.h"
#include "compat.h"
#include "windowjoin/merge.h"
#include "windowjoin/node.h"

/* The part of the memory that events in the window may take */
#define RING_PART	4

/*
 * No time is in the period.
 */
static void
empty_period(TimestampTz *first, TimestampTz *last)
{
	*first = PG_INT64_MAX;
	*last = PG_INT64_MIN;
}

/*
 * Narrow a period by a comparison of the time with a bound.
 */
static void
apply_bound(int strategy, TimestampTz bound, TimestampTz *first,
			TimestampTz *last)
{
	if ((strategy == BTLessStrategyNumber && bound == PG_INT64_MIN) ||
		(strategy == BTGreaterStrategyNumber && bound == PG_INT64_MAX))
	{
		empty_period(first, last);
		return;
	}
	if (strategy == BTLessStrategyNumber)
		bound--;
	else if (strategy == BTGreaterStrategyNumber)
		bound++;
	if (strategy <= BTEqualStrategyNumber)
		*last = Min(*last, bound);
	if (strategy >= BTEqualStrategyNumber)
		*first = Max(*first, bound);
}

/*
 * Does an expression have a parameter that another part of the plan computes?
 */
static bool
has_executor_parameter(Node *expression, void *context)
{
	if (expression == NULL)
		return false;
	if (IsA(expression, Param))
		return ((Param *) expression)->paramkind == PARAM_EXEC;
	return expression_tree_walker(expression, has_executor_parameter, context);
}

/*
 * Leave only the times of the slice that is being joined.
 */
static void
narrow_to_slice(const WindowMergeState *state, TimestampTz *first,
				TimestampTz *last)
{
	if (state->slice > 0)
		*first = Max(*first, state->slices[state->slice - 1] + 1);
	if (state->slice < state->slice_count - 1)
		*last = Min(*last, state->slices[state->slice]);
}

/*
 * The times that rows of a table may have, by its partition and by conditions
 * that compare them with what is now known.
 *
 * "initial" is when the plan is initialized, and what is computed by other parts
 * of it is not known yet.
 */
static void
find_own_period(WindowMergeState *state, MergeTable *table, bool initial)
{
	CustomScan *plan = (CustomScan *) state->css.ss.ps.plan;
	List	   *strategies = list_nth(plan->custom_private, MERGE_BOUNDS);
	ListCell   *cell;

	table->first = table->planned_first;
	table->last = table->planned_last;
	if (!initial && table->side == MERGE_OUTER)
		narrow_to_slice(state, &table->first, &table->last);
	foreach(cell, table->bounds)
	{
		int			i = lfirst_int(cell);
		bool		isnull;
		Datum		bound;

		if (initial && has_executor_parameter(list_nth(window_merge_bounds(plan), i), NULL))
			continue;
		bound = ExecEvalExprSwitchContext(list_nth(state->bounds, i),
										  state->css.ss.ps.ps_ExprContext,
										  &isnull);
		if (isnull)
			empty_period(&table->first, &table->last);
		else
			apply_bound(list_nth_int(strategies, i), DatumGetTimestampTz(bound),
						&table->first, &table->last);
	}
}

/*
 * Leave out what no row of the other side has in its window.
 *
 * Both sides are narrowed by what the other one's own period is.
 */
static void
find_periods(WindowMergeState *state)
{
	MergeStream *stream = state->stream;
	TimestampTz first[2] = {PG_INT64_MAX, PG_INT64_MAX};
	TimestampTz last[2] = {PG_INT64_MIN, PG_INT64_MIN};

	for (int i = 0; i < stream->table_count; i++)
	{
		MergeTable *table = &stream->tables[i];

		if (table->node == NULL)
			continue;
		find_own_period(state, table, false);
		if (table->first > table->last)
			continue;
		first[table->is_event] = Min(first[table->is_event], table->first);
		last[table->is_event] = Max(last[table->is_event], table->last);
	}
	for (int i = 0; i < stream->table_count; i++)
	{
		MergeTable *table = &stream->tables[i];
		TimestampTz other_first = first[!table->is_event];
		TimestampTz other_last = last[!table->is_event];

		if (table->node == NULL)
			continue;
		if (other_first > other_last)
			empty_period(&other_first, &other_last);
		else if (table->is_event)
			other_first = kql_window_start(other_first, state->microseconds,
										   MIN_TIMESTAMP);
		else
			other_last = kql_window_end(other_last, state->microseconds,
										END_TIMESTAMP - 1);
		table->first = Max(table->first, other_first);
		table->last = Min(table->last, other_last);
	}
}

/*
 * Begin to read the indexes for a share of the keys, with the lookback and the
 * parameters of this scan; false if nothing can be joined.
 */
static bool
start(WindowMergeState *state)
{
	ExprContext *context = state->css.ss.ps.ps_ExprContext;
	Datum		lookback;
	bool		isnull;

	lookback = ExecEvalExprSwitchContext(state->lookback, context, &isnull);
	if (isnull)
		return false;
	state->microseconds = lookback_microseconds(DatumGetIntervalP(lookback));
	find_periods(state);
	merge_stream_start(state->stream, state->css.ss.ps.state->es_snapshot);
	return true;
}

/*
 * Have the next anchors meet an event.
 */
static void
add_event(WindowMergeState *state, MergeTable *table)
{
	MergeRing  *ring = state->ring;
	MergeEntry	event;

	merge_copy_entry(table, &event);
	if (!ring->spooling &&
		merge_ring_add(ring, &event,
					   kql_window_start(event.time, state->microseconds,
										MIN_TIMESTAMP)))
		return;

	/* all that come after it have to follow it */
	ring->spooling = true;
	merge_ring_spool(ring, &ring->events, &event);
	state->spooled++;
}

/*
 * Begin to join an anchor with the events in its window.
 */
static void
start_matching(WindowMergeState *state)
{
	merge_ring_evict(state->ring,
					 kql_window_start(state->anchor.time, state->microseconds,
									  MIN_TIMESTAMP));
	state->slot = merge_ring_find(state->ring, state->anchor.hash);
	state->matching = !state->anchor.joined &&
		(state->anchor.next == MERGE_NONE ||
		 !merge_ring_is_joined(state->ring, state->anchor.next));
}

/*
 * Take the next anchor from the indexes, past the events before it; false if
 * there is none of this key.
 */
static bool
next_stream_anchor(WindowMergeState *state)
{
	MergeTable *table;

	while ((table = merge_stream_next(state->stream)) != NULL)
	{
		if (table->is_event)
		{
			add_event(state, table);
			continue;
		}
		merge_copy_entry(table, &state->anchor);
		if (state->ring->spooling)
		{
			merge_ring_spool_anchor(state->ring, &state->anchor);
			state->spooled++;
		}
		return true;
	}
	return false;
}

/*
 * Take the next anchor, wherever it is; false after the last.
 */
static bool
next_anchor(WindowMergeState *state)
{
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		switch (state->phase)
		{
			case MERGE_NEXT_KEY:
				merge_ring_end_spool(state->ring);
				merge_ring_clear(state->ring);
				if (!merge_stream_next_key(state->stream))
					return false;
				state->phase = MERGE_STREAM;
				break;
			case MERGE_STREAM:
				if (next_stream_anchor(state))
					return true;
				state->phase = merge_ring_next_piece(state->ring) ?
					MERGE_SPOOL : MERGE_NEXT_KEY;
				break;
			case MERGE_SPOOL:
				/* once all events are before the window, no anchor has any */
				if (state->ring->first < state->ring->end &&
					merge_ring_next_anchor(state->ring, &state->anchor))
					return true;
				if (!merge_ring_next_piece(state->ring))
					state->phase = MERGE_NEXT_KEY;
				break;
		}
	}
}

/*
 * Add the pair of the anchor and an event to the batch.
 *
 * Where outer rows are returned once, an inner one that need not be fetched is
 * joined for sure, and no other is needed.
 */
static void
add_pair(WindowMergeState *state, MergeEntry *event)
{
	MergeEntry *anchor = &state->anchor;
	MergeSide	event_side = state->outer_is_event ? MERGE_OUTER : MERGE_INNER;

	if (event->row == MERGE_NONE)
		event->row = merge_add_row(state, event_side, event);
	if (anchor->row == MERGE_NONE)
		anchor->row = merge_add_row(state, 1 - event_side, anchor);
	merge_batch_add_pair(state->batch, event->row, anchor->row);
	if (state->is_semi && state->outer_is_event)
		event->joined = anchor->visible;
	else if (state->is_semi)
		anchor->joined = event->visible;
}

/*
 * Add the pairs of the anchor to the batch, as long as there is room.
 */
static void
match_anchor(WindowMergeState *state)
{
	MergeRing  *ring = state->ring;

	while (state->slot != MERGE_NONE && !state->anchor.joined)
	{
		MergeEntry *event = &ring->entries[state->slot];

		if (event->time > state->anchor.time)
			break;
		if (event->hash == state->anchor.hash && !event->joined)
		{
			if (merge_batch_is_full(state->batch))
				return;
			add_pair(state, event);
		}
		else
			CHECK_FOR_INTERRUPTS();
		state->slot = event->next;
	}
	state->matching = false;
}

/*
 * Collect the next pairs, and fetch their rows.
 */
static void
next_batch(WindowMergeState *state)
{
	if (state->is_semi)
		merge_keep_joined(state);
	if (merge_batch_next(state->batch))
	{
		merge_ring_forget_rows(state->ring);
		state->anchor.row = MERGE_NONE;
	}
	state->loaded[MERGE_OUTER] = state->loaded[MERGE_INNER] = MERGE_NONE;

	while (!state->done && !merge_batch_is_full(state->batch))
	{
		if (state->matching)
			match_anchor(state);
		else if (next_anchor(state))
			start_matching(state);
		else
			state->done = true;
	}
	merge_batch_fetch(state);
}

/*
 * ExecCustomScan: the next row.
 */
static TupleTableSlot *
exec_window_merge(CustomScanState *node)
{
	WindowMergeState *state = (WindowMergeState *) node;

	state->executed = true;
	for (;;)
	{
		if (merge_next_pair(state))
			return window_project(node);
		if (!state->done)
			next_batch(state);
		else if (merge_take_share(state))
			state->done = !start(state);
		else
			return NULL;
	}
}

/*
 * Initialize what is known of a table.
 */
static void
init_table(WindowMergeState *state, MergeTable *table, int number,
		   MergeSide side, List *description)
{
	table->number = number;
	table->side = side;
	table->is_event = (side == MERGE_OUTER) == state->outer_is_event;
	table->hash_column = intVal(list_nth(description, TABLE_HASH_COLUMN));
	table->planned_first =
		DatumGetTimestampTz(list_nth_node(Const, description, TABLE_FIRST)->constvalue);
	table->planned_last =
		DatumGetTimestampTz(list_nth_node(Const, description, TABLE_LAST)->constvalue);
	table->bounds = list_nth(description, TABLE_BOUNDS);
	table->is_from_entries = state->is_from_entries[side];
}

/*
 * Initialize the index scan of a table, unless it is known that none of its rows
 * is in the period.
 */
static void
init_scan(WindowMergeState *state, MergeTable *table, Plan *plan,
		  EState *estate, int eflags)
{
	PlanState  *node;

	if ((eflags & EXEC_FLAG_EXPLAIN_GENERIC) == 0)
		find_own_period(state, table, true);
	if (table->first > table->last)
	{
		state->removed++;
		return;
	}
	node = ExecInitNode(plan, estate, eflags);
	if (!IsA(node, IndexScanState))
		elog(ERROR, "windowed join by indexes without an index scan");
	table->node = (IndexScanState *) node;
	state->css.custom_ps = lappend(state->css.custom_ps, node);
}

/*
 * Initialize the tables, by the index scans of the plan.
 */
static void
init_stream(WindowMergeState *state, EState *estate, int eflags)
{
	CustomScan *plan = (CustomScan *) state->css.ss.ps.plan;
	List	   *descriptions = list_nth(plan->custom_private, MERGE_TABLES);
	int			outer_tables = intVal(list_nth(plan->custom_private,
											   MERGE_OUTER_TABLES));
	MergeStream *stream = palloc0(sizeof(MergeStream));
	ListCell   *cell;

	stream->context = CurrentMemoryContext;
	stream->table_count = list_length(plan->custom_plans);
	stream->tables = palloc0(stream->table_count * sizeof(MergeTable));
	stream->waiting = palloc(stream->table_count * sizeof(int));
	stream->current = palloc(stream->table_count * sizeof(int));
	stream->passed = palloc(stream->table_count * sizeof(int));
	foreach(cell, plan->custom_plans)
	{
		int			i = foreach_current_index(cell);

		init_table(state, &stream->tables[i], i,
				   i < outer_tables ? MERGE_OUTER : MERGE_INNER,
				   list_nth(descriptions, i));
		init_scan(state, &stream->tables[i], lfirst(cell), estate, eflags);
	}
	merge_stream_init_order(stream,
							list_nth(plan->custom_private, MERGE_KEY_ORDER),
							linitial_node(OpExpr, window_merge_equalities(plan)));
	merge_stream_init_ranges(stream,
							 list_nth(plan->custom_private, MERGE_KEY_ORDER),
							 list_nth(plan->custom_private, MERGE_RANGES));
	state->stream = stream;
}

/*
 * Initialize the slot for kept rows of a side, which are all alike: columns of
 * its first table's scan.
 */
static void
init_stored(WindowMergeState *state, MergeSide side, EState *estate,
			const Plan *scan)
{
	state->stored[side] =
		ExecInitExtraTupleSlot(estate, ExecTypeFromTL(scan->targetlist),
							   &TTSOpsMinimalTuple);
}

/*
 * Initialize the slices.
 */
static void
init_slices(WindowMergeState *state, const CustomScan *plan)
{
	List	   *slices = list_nth(plan->custom_private, MERGE_SLICES);
	ListCell   *cell;

	state->slice_count = 1;
	state->slices = palloc(list_length(slices) * sizeof(TimestampTz));
	foreach(cell, slices)
		state->slices[state->slice_count++ - 1] =
		DatumGetTimestampTz(lfirst_node(Const, cell)->constvalue);
}

/*
 * Initialize what is known of rows that are not fetched.
 */
static void
init_entry_columns(WindowMergeState *state, const CustomScan *plan)
{
	List	   *sides = list_nth(plan->custom_private, MERGE_ENTRY_COLUMNS);

	for (MergeSide side = MERGE_OUTER; side <= MERGE_INNER; side++)
	{
		List	   *description = list_nth(sides, side);

		state->is_from_entries[side] = linitial_int(description) != 0;
		state->time_columns[side] = list_copy_tail(description, 1);
	}
}

/*
 * Initialize all expressions of the join.
 */
static void
init_expressions(WindowMergeState *state)
{
	PlanState  *ps = &state->css.ss.ps;
	CustomScan *plan = (CustomScan *) ps->plan;
	FuncExpr   *window = linitial_node(FuncExpr, plan->custom_exprs);

	state->lookback = ExecInitExpr(lthird(window->args), ps);
	state->bounds = ExecInitExprList(window_merge_bounds(plan), ps);

	/* indexes have the one equality of rows that are not fetched */
	if (!state->is_from_entries[MERGE_OUTER] && !state->is_from_entries[MERGE_INNER])
		state->filter = ExecInitQual(list_concat(window_merge_equalities(plan),
												 window_merge_filters(plan)), ps);
}

/*
 * BeginCustomScan: initialize the state.
 */
static void
begin_window_merge(CustomScanState *node, EState *estate, int eflags)
{
	WindowMergeState *state = (WindowMergeState *) node;
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;
	TupleTableSlot *joined = node->ss.ss_ScanTupleSlot;
	int			outer_tables = intVal(list_nth(plan->custom_private,
											   MERGE_OUTER_TABLES));
	Size		limit = get_hash_memory_limit() - MERGE_RING_OVERHEAD;

	state->outer_is_event = intVal(list_nth(plan->custom_private,
											MERGE_OUTER_IS_EVENT)) != 0;
	state->inner_column = intVal(list_nth(plan->custom_private,
										  MERGE_OUTER_COLUMNS));
	state->is_semi = intVal(list_nth(plan->custom_private, MERGE_IS_SEMI)) != 0;
	state->done = true;
	init_slices(state, plan);
	init_entry_columns(state, plan);
	init_expressions(state);
	init_stream(state, estate, eflags & ~(EXEC_FLAG_BACKWARD | EXEC_FLAG_MARK));
	init_stored(state, MERGE_OUTER, estate, linitial(plan->custom_plans));
	init_stored(state, MERGE_INNER, estate,
				list_nth(plan->custom_plans, outer_tables));

	/* all null to begin with, then filled side by side */
	ExecStoreAllNullTuple(joined);
	node->ss.ps.ps_ExprContext->ecxt_scantuple = joined;

	state->ring = merge_ring_create(estate->es_query_cxt, limit / RING_PART);
	state->batch = merge_batch_create(estate->es_query_cxt,
									  limit - limit / RING_PART,
									  ((Plan *) linitial(plan->custom_plans))->plan_width +
									  SizeofMinimalTupleHeader,
									  ((Plan *) llast(plan->custom_plans))->plan_width +
									  SizeofMinimalTupleHeader);
}

/*
 * Forget all rows and entries.
 */
static void
discard_all(WindowMergeState *state)
{
	merge_stream_end(state->stream);
	merge_ring_end_spool(state->ring);
	merge_ring_clear(state->ring);
	merge_ring_forget_anchors(state->ring);
	merge_batch_clear(state->batch);
	state->phase = MERGE_NEXT_KEY;
	state->matching = false;
	state->done = true;
	state->next_share = 0;
	state->loaded[MERGE_OUTER] = state->loaded[MERGE_INNER] = MERGE_NONE;
}

/*
 * ReScanCustomScan: start again, perhaps with other parameters.
 */
static void
rescan_window_merge(CustomScanState *node)
{
	WindowMergeState *state = (WindowMergeState *) node;
	ListCell   *cell;

	foreach(cell, node->custom_ps)
	{
		PlanState  *scan = lfirst(cell);

		/* these are never executed, which would have them start again */
		if (node->ss.ps.chgParam != NULL)
			UpdateChangedParamSet(scan, node->ss.ps.chgParam);
		ExecReScan(scan);
	}
	discard_all(state);
}

/*
 * EndCustomScan: give everything back.
 */
static void
end_window_merge(CustomScanState *node)
{
	WindowMergeState *state = (WindowMergeState *) node;
	ListCell   *cell;

	discard_all(state);
	MemoryContextDelete(state->batch->context);
	MemoryContextDelete(state->ring->context);
	foreach(cell, node->custom_ps)
		ExecEndNode(lfirst(cell));
}

static const CustomExecMethods exec_methods = {
	.CustomName = WINDOW_MERGE_NAME,
	.BeginCustomScan = begin_window_merge,
	.ExecCustomScan = exec_window_merge,
	.EndCustomScan = end_window_merge,
	.ReScanCustomScan = rescan_window_merge,
	.EstimateDSMCustomScan = window_merge_estimate_dsm,
	.InitializeDSMCustomScan = window_merge_initialize_dsm,
	.ReInitializeDSMCustomScan = window_merge_reinitialize_dsm,
	.InitializeWorkerCustomScan = window_merge_initialize_worker,
	.ShutdownCustomScan = window_merge_shutdown,
	.ExplainCustomScan = window_merge_explain,
};

/*
 * CreateCustomScanState: make the state of a plan, not yet initialized.
 */
Node *
create_window_merge_state(CustomScan *plan)
{
	WindowMergeState *state =
	(WindowMergeState *) newNode(sizeof(WindowMergeState), T_CustomScanState);

	(void) plan;
	state->css.methods = &exec_methods;
	return (Node *) state;
}
