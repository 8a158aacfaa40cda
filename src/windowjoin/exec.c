/*-------------------------------------------------------------------------
 *
 * exec.c
 *	  Execution of the windowed join.
 *
 * The inner rows are put into a table by key and time, or, where they are too
 * many for memory, into batches on files; then each outer row finds the inner
 * rows of its key in its window.  README.md tells the whole of it.
 *
 * All expressions, those of one side too, read the joined row: the scan tuple,
 * which has the columns of both plans, the outer one's first.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "azhunt.h"
#include "windowjoin/exec.h"
#include "windowjoin/node.h"
#include "windowjoin/windowjoin.h"

/* As many batches at least, and at most */
#define MIN_BATCHES		2
#define MAX_BATCHES		1024

/* Entries between the one being joined and that whose row is fetched ahead */
#define PREFETCH_DISTANCE	8

/*
 * Put a row of one side into the joined row.
 */
static void
load_side(WindowJoinState *state, const WindowJoinSide *side,
		  TupleTableSlot *row)
{
	window_load_row(state->css.ss.ss_ScanTupleSlot, side->first_column, row);
}

/*
 * Load the inner row of an entry.
 */
static void
load_entry(WindowJoinState *state, const WindowEntry *entry)
{
	StoredRow  *row = window_table_address(state->table, entry->row);

	ExecStoreMinimalTuple(StoredRowTuple(row), state->inner.stored, false);
	load_side(state, &state->inner, state->inner.stored);
}

/*
 * Find the time and the hash of all keys of a side's row, which is loaded.
 * False if one of them is null, so that the row joins nothing.
 */
static bool
get_key(WindowJoinState *state, const WindowJoinSide *side,
		uint32 *hash, TimestampTz *time)
{
	ExprContext *context = state->css.ss.ps.ps_ExprContext;
	bool		isnull;

	*time = DatumGetTimestampTz(ExecEvalExprSwitchContext(side->time, context,
														  &isnull));
	if (isnull)
		return false;

	*hash = 0;
	for (int i = 0; i < state->key_count; i++)
	{
		KeyPart    *key = &side->keys[i];
		Datum		value;
		MemoryContext caller;

		value = ExecEvalExprSwitchContext(key->value, context, &isnull);
		if (isnull)
			return false;
		caller = MemoryContextSwitchTo(context->ecxt_per_tuple_memory);
		*hash = hash_combine(*hash,
							 DatumGetUInt32(FunctionCall1Coll(&key->hash,
															  key->collation,
															  value)));
		MemoryContextSwitchTo(caller);
	}

	/* both ends of it are used, whatever the hash functions are like */
	*hash = murmurhash32(*hash);
	return true;
}

/*
 * How much of the limit is left to the table while there are no batches: all
 * but the buffer of a file that is needed once there are.
 */
static Size
table_limit(void)
{
	return get_hash_memory_limit() - FILE_MEMORY;
}

/*
 * Note how much memory this process has in use.
 */
void
window_join_note_memory(WindowJoinState *state)
{
	Size		memory = MemoryContextMemAllocated(state->table->context, true);

	if (state->table->area != NULL)
		memory += state->table->chunk_bytes;
	if (state->batches != NULL)
	{
		memory += MemoryContextMemAllocated(state->batches->context, true);
		memory = Max(memory, state->batches->peak);
	}
	state->peak_memory = Max(state->peak_memory, memory);
}

/*
 * Divide the inner rows that came so far, and all to come, into batches.
 *
 * Each should fit into memory once the planner's number of rows has come, or
 * twice as many as are here, whichever is more.
 */
static void
start_batches(WindowJoinState *state)
{
	WindowTable *table = state->table;
	double		rows = Max(state->inner.plan->plan->plan_rows, 2.0 * table->rows);
	double		bytes = rows * window_table_memory(table) / table->rows;
	Size		limit = get_hash_memory_limit();
	int			count = MIN_BATCHES;

	/* the buffers of all files are to take about half of it, at most */
	while (count < MAX_BATCHES && (double) count * limit < 1.5 * bytes &&
		   (Size) 8 * count * BLCKSZ <= limit)
		count *= 2;

	window_join_note_memory(state);
	state->batches = window_batches_create(state->css.ss.ps.state->es_query_cxt,
										   count);
	state->batch_count = count;
	window_batches_take_table(state->batches, table, limit);
	window_join_note_memory(state);
}

/*
 * Keep an inner row.
 */
static void
keep_inner(WindowJoinState *state, TupleTableSlot *row, uint32 hash,
		   TimestampTz time)
{
	bool		should_free;
	MinimalTuple tuple = ExecFetchSlotMinimalTuple(row, &should_free);

	if (state->batches == NULL &&
		!window_table_add(state->table, hash, time, tuple))
	{
		if (state->shared != NULL)
			window_join_start_shared_batches(state);
		else
			start_batches(state);
	}
	if (state->batches != NULL)
		window_batches_write(state->batches, state->batches->inner, hash, time,
							 tuple);
	if (should_free)
		heap_free_minimal_tuple(tuple);
}

/*
 * Keep an outer row until its batch is joined.
 */
static void
keep_outer(WindowJoinState *state, TupleTableSlot *row, uint32 hash,
		   TimestampTz time)
{
	bool		should_free;
	MinimalTuple tuple;

	if (!window_batches_has_inner(state->batches, hash))
		return;
	tuple = ExecFetchSlotMinimalTuple(row, &should_free);
	window_batches_write(state->batches, state->batches->outer, hash, time,
						 tuple);
	if (should_free)
		heap_free_minimal_tuple(tuple);
}

/*
 * Get the next row of a side's plan that has a time and all keys, and load it;
 * NULL after the last.
 */
static TupleTableSlot *
next_plan_row(WindowJoinState *state, const WindowJoinSide *side,
			  uint32 *hash, TimestampTz *time)
{
	ExprContext *context = state->css.ss.ps.ps_ExprContext;

	for (;;)
	{
		TupleTableSlot *row = ExecProcNode(side->plan);

		if (TupIsNull(row))
			return NULL;
		ResetExprContext(context);
		load_side(state, side, row);
		if (get_key(state, side, hash, time))
			return row;
	}
}

/*
 * Read all inner rows, or this process's share of them.
 */
void
window_join_read_inner(WindowJoinState *state)
{
	TupleTableSlot *row;
	uint32		hash;
	TimestampTz time;

	while ((row = next_plan_row(state, &state->inner, &hash, &time)) != NULL)
		keep_inner(state, row, hash, time);
}

/*
 * Divide all outer rows, or this process's share of them, into batches.
 */
void
window_join_divide_outer(WindowJoinState *state)
{
	TupleTableSlot *row;
	uint32		hash;
	TimestampTz time;

	while ((row = next_plan_row(state, &state->outer, &hash, &time)) != NULL)
		keep_outer(state, row, hash, time);
}

/*
 * Read all of the inner side, and all of the outer one too if the inner one
 * has to be divided into batches.
 */
static void
build(WindowJoinState *state)
{
	if (state->shared != NULL)
		window_join_build_shared(state);
	else
	{
		window_join_read_inner(state);
		if (state->batches != NULL)
		{
			window_join_divide_outer(state);
			state->table->limit = window_batches_table_limit(state->batches,
															 get_hash_memory_limit());
		}
		else
			window_table_sort(state->table);
		window_join_note_memory(state);
	}
	state->built = true;
}

/*
 * Compute the lookback, which is the same for all rows.
 */
static void
compute_lookback(WindowJoinState *state)
{
	ExprContext *context = state->css.ss.ps.ps_ExprContext;
	Datum		lookback;

	lookback = ExecEvalExprSwitchContext(state->lookback, context,
										 &state->lookback_null);
	if (!state->lookback_null)
		state->microseconds = lookback_microseconds(DatumGetIntervalP(lookback));
	state->lookback_known = true;
}

/*
 * Is there an entry at this position that is in the outer row's window?
 */
static inline bool
in_window(const WindowJoinState *state, uint32 position)
{
	const WindowTable *table = state->table;

	return position < table->entry_count &&
		table->entries[position].hash == state->hash &&
		table->entries[position].time <= state->last;
}

/*
 * Have the processor fetch an inner row that will soon be joined.  Rows lie in
 * the order in which they came, so that it can't guess which that is.
 */
static inline void
prefetch_row(const WindowTable *table, uint32 position)
{
#ifdef __GNUC__
	char	   *row = window_table_address(table, table->entries[position].row);

	__builtin_prefetch(row);
	__builtin_prefetch(row + PG_CACHE_LINE_SIZE / 2);
#endif
}

/*
 * The first time of an outer row's window, and the last.
 */
static void
get_window(const WindowJoinState *state, TimestampTz time,
		   TimestampTz *first, TimestampTz *last)
{
	*first = *last = time;
	if (state->inner_is_event)
		*first = kql_window_start(time, state->microseconds, MIN_TIMESTAMP);
	else
		*last = kql_window_end(time, state->microseconds, END_TIMESTAMP - 1);
}

/*
 * Check that an outer row that the filter stopped joins nothing: it may let
 * rows pass that do not either, but never the reverse.
 */
static inline void
assert_filtered(const WindowJoinState *state PG_USED_FOR_ASSERTS_ONLY,
				uint32 hash PG_USED_FOR_ASSERTS_ONLY,
				TimestampTz time PG_USED_FOR_ASSERTS_ONLY)
{
#ifdef USE_ASSERT_CHECKING
	const WindowTable *table = state->table;
	TimestampTz first;
	TimestampTz last;
	uint32		position;

	get_window(state, time, &first, &last);
	position = window_table_find(table, hash, first);
	Assert(position == table->entry_count ||
		   table->entries[position].hash != hash ||
		   table->entries[position].time > last);
#endif
}

/*
 * Begin to join an outer row, which is loaded: find its window's first entry,
 * if it may have one.
 */
static void
start_joining(WindowJoinState *state, uint32 hash, TimestampTz time)
{
	TimestampTz first;

	if (!state->lookback_known)
		compute_lookback(state);
	if (state->lookback_null)
		return;
	if (state->table->filter == NULL)
	{
		window_filter_build(state->table, state->microseconds,
							state->inner_is_event);
		window_join_note_memory(state);
	}
	if (!window_filter_passes(state->table, hash, time))
	{
		assert_filtered(state, hash, time);
		return;
	}

	get_window(state, time, &first, &state->last);
	state->hash = hash;
	state->position = window_table_find(state->table, hash, first);
	state->first_position = state->position;
	state->joining = true;

	for (uint32 i = 0; i < PREFETCH_DISTANCE &&
		 in_window(state, state->position + i); i++)
		prefetch_row(state->table, state->position + i);
}

/*
 * Begin to join the next outer row; false if there is none.
 */
static bool
next_outer(WindowJoinState *state)
{
	uint32		hash;
	TimestampTz time;
	MinimalTuple tuple;
	StoredRow	row;

	if (state->batches == NULL)
	{
		/* nothing joins nothing */
		if (state->table->entry_count == 0 ||
			next_plan_row(state, &state->outer, &hash, &time) == NULL)
			return false;
		start_joining(state, hash, time);
		return true;
	}

	while (state->batches->current < 0 ||
		   (tuple = window_batches_next_outer(state->batches, &row)) == NULL)
	{
		if (!window_batches_next_table(state->batches, state->table))
			return false;
		state->pieces++;
		window_join_note_memory(state);
	}
	ExecStoreMinimalTuple(tuple, state->outer.stored, false);
	load_side(state, &state->outer, state->outer.stored);
	start_joining(state, row.hash, row.time);
	return true;
}

/*
 * Are the keys of two neighbouring inner rows the same, byte by byte?  Loads
 * the second row.
 */
static bool
same_keys(WindowJoinState *state, const WindowEntry *entry)
{
	ExprContext *context = state->css.ss.ps.ps_ExprContext;
	MemoryContext caller;
	Datum	   *values;
	bool		isnull;
	bool		same = true;

	caller = MemoryContextSwitchTo(context->ecxt_per_tuple_memory);
	values = palloc(state->key_count * sizeof(Datum));
	load_entry(state, entry - 1);
	for (int i = 0; i < state->key_count; i++)
	{
		KeyPart    *key = &state->inner.keys[i];
		Datum		value = ExecEvalExpr(key->value, context, &isnull);

		/* the value may be in the slot that the second row comes into */
		values[i] = datumCopy(value, key->by_value, key->length);
	}

	load_entry(state, entry);
	for (int i = 0; i < state->key_count && same; i++)
	{
		KeyPart    *key = &state->inner.keys[i];
		Datum		value = ExecEvalExpr(key->value, context, &isnull);

		same = datum_image_eq(values[i], value, key->by_value, key->length);
	}
	MemoryContextSwitchTo(caller);
	return same;
}

/*
 * Does the key of an entry match that of the outer row?  Loads the entry's
 * row.
 *
 * To compare an inner row's key with that of the inner row before it is worth
 * it, because that need be done only once and not for every outer row.
 *
 * Processes that share a table may find that out, and note it in the entry, at
 * the same time.  They need no lock: all of them come to the same answer, and
 * write it as a single byte.  One that does not see it yet compares again.
 */
static bool
match_key(WindowJoinState *state, WindowEntry *entry)
{
	if (state->position > state->first_position && state->key_count > 0)
	{
		if (entry->sameness == KEY_NOT_COMPARED)
			entry->sameness = same_keys(state, entry) ?
				KEY_SAME : KEY_DIFFERENT;
		if (entry->sameness == KEY_SAME)
		{
			if (state->key_matches)
				load_entry(state, entry);
			return state->key_matches;
		}
	}

	load_entry(state, entry);
	state->key_matches = ExecQual(state->key_equal,
								  state->css.ss.ps.ps_ExprContext);
	return state->key_matches;
}

/*
 * Load the next inner row that the outer one joins with; false if there is
 * none.
 */
static bool
next_match(WindowJoinState *state)
{
	PlanState  *ps = &state->css.ss.ps;

	while (in_window(state, state->position))
	{
		WindowEntry *entry = &state->table->entries[state->position];
		bool		matches;

		CHECK_FOR_INTERRUPTS();
		ResetExprContext(ps->ps_ExprContext);
		if (in_window(state, state->position + PREFETCH_DISTANCE))
			prefetch_row(state->table, state->position + PREFETCH_DISTANCE);
		matches = match_key(state, entry);
		state->position++;
		if (!matches)
			continue;
		if (ExecQual(state->filter, ps->ps_ExprContext))
			return true;
		InstrCountFiltered1(ps, 1);
	}
	return false;
}

/*
 * ExecCustomScan: the next row.
 */
static TupleTableSlot *
exec_window_join(CustomScanState *node)
{
	WindowJoinState *state = (WindowJoinState *) node;

	ResetExprContext(node->ss.ps.ps_ExprContext);
	state->executed = true;
	if (!state->built && !state->done)
		build(state);

	while (!state->done)
	{
		if (state->joining)
		{
			if (next_match(state))
				return window_project(node);
			state->joining = false;
		}
		state->done = !next_outer(state);
	}
	return NULL;
}

/*
 * Initialize one side's part of the key.
 */
static void
init_key(WindowJoinState *state, KeyPart *key, Expr *value, Oid hash_function,
		 Oid collation)
{
	key->value = ExecInitExpr(value, &state->css.ss.ps);
	fmgr_info(hash_function, &key->hash);
	key->collation = collation;
	get_typlenbyval(exprType((Node *) value), &key->length, &key->by_value);
}

/*
 * Initialize all expressions.
 */
static void
init_expressions(WindowJoinState *state, CustomScan *plan)
{
	PlanState  *ps = &state->css.ss.ps;
	FuncExpr   *window = linitial_node(FuncExpr, plan->custom_exprs);
	List	   *keys = window_join_keys(plan);
	Expr	   *event = linitial(window->args);
	Expr	   *anchor = lsecond(window->args);
	ListCell   *cell;

	state->key_count = list_length(keys);
	state->outer.keys = palloc0(state->key_count * sizeof(KeyPart));
	state->inner.keys = palloc0(state->key_count * sizeof(KeyPart));
	foreach(cell, keys)
	{
		OpExpr	   *equality = lfirst_node(OpExpr, cell);
		int			i = foreach_current_index(cell);
		Oid			outer_hash;
		Oid			inner_hash;

		if (!get_op_hash_functions(equality->opno, &outer_hash, &inner_hash))
			elog(ERROR, "could not find hash function for hash operator %u",
				 equality->opno);
		init_key(state, &state->outer.keys[i], linitial(equality->args),
				 outer_hash, equality->inputcollid);
		init_key(state, &state->inner.keys[i], lsecond(equality->args),
				 inner_hash, equality->inputcollid);
	}
	state->key_equal = ExecInitQual(keys, ps);
	state->filter = ExecInitQual(window_join_filters(plan), ps);
	state->outer.time = ExecInitExpr(state->inner_is_event ? anchor : event, ps);
	state->inner.time = ExecInitExpr(state->inner_is_event ? event : anchor, ps);
	state->lookback = ExecInitExpr(lthird(window->args), ps);
}

/*
 * Initialize one side.
 */
static void
init_side(WindowJoinState *state, WindowJoinSide *side, Plan *plan,
		  EState *estate, int eflags)
{
	side->plan = ExecInitNode(plan, estate, eflags);
	state->css.custom_ps = lappend(state->css.custom_ps, side->plan);
	side->stored = ExecInitExtraTupleSlot(estate,
										  ExecGetResultType(side->plan),
										  &TTSOpsMinimalTuple);
}

/*
 * BeginCustomScan: initialize the state.
 */
static void
begin_window_join(CustomScanState *node, EState *estate, int eflags)
{
	WindowJoinState *state = (WindowJoinState *) node;
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;
	TupleTableSlot *joined = node->ss.ss_ScanTupleSlot;

	eflags &= ~(EXEC_FLAG_BACKWARD | EXEC_FLAG_MARK);
	init_side(state, &state->outer, linitial(plan->custom_plans), estate,
			  eflags);
	init_side(state, &state->inner, lsecond(plan->custom_plans), estate,
			  eflags & ~EXEC_FLAG_REWIND);
	state->inner_is_event = intVal(list_nth(plan->custom_private,
											PRIVATE_INNER_IS_EVENT)) != 0;
	state->inner.first_column = intVal(list_nth(plan->custom_private,
												PRIVATE_OUTER_COLUMNS));
	init_expressions(state, plan);

	/* all null to begin with, then filled side by side */
	ExecStoreAllNullTuple(joined);
	node->ss.ps.ps_ExprContext->ecxt_scantuple = joined;

	state->table = window_table_create(estate->es_query_cxt, table_limit());
}

/*
 * Discard all inner rows.
 */
static void
discard_inner(WindowJoinState *state)
{
	window_table_reset(state->table);
	if (state->batches != NULL)
		window_batches_destroy(state->batches);
	state->batches = NULL;
	state->table->limit = table_limit();
	state->built = false;
}

/*
 * ReScanCustomScan: start again, perhaps with other parameters.
 */
static void
rescan_window_join(CustomScanState *node)
{
	WindowJoinState *state = (WindowJoinState *) node;
	PlanState  *outer = state->outer.plan;
	PlanState  *inner = state->inner.plan;

	if (node->ss.ps.chgParam != NULL)
	{
		UpdateChangedParamSet(outer, node->ss.ps.chgParam);
		UpdateChangedParamSet(inner, node->ss.ps.chgParam);
	}

	/* the table can stay if nothing that it is made from has changed */
	if (node->ss.ps.chgParam != NULL || inner->chgParam != NULL ||
		state->batches != NULL || state->shared != NULL || !state->built)
	{
		discard_inner(state);
		if (inner->chgParam == NULL)
			ExecReScan(inner);
	}
	if (outer->chgParam == NULL)
		ExecReScan(outer);

	state->done = false;
	state->joining = false;
	state->lookback_known = false;
}

/*
 * EndCustomScan: give everything back.
 */
static void
end_window_join(CustomScanState *node)
{
	WindowJoinState *state = (WindowJoinState *) node;

	discard_inner(state);
	MemoryContextDelete(state->table->context);
	ExecEndNode(state->outer.plan);
	ExecEndNode(state->inner.plan);
}

static const CustomExecMethods exec_methods = {
	.CustomName = WINDOW_JOIN_NAME,
	.BeginCustomScan = begin_window_join,
	.ExecCustomScan = exec_window_join,
	.EndCustomScan = end_window_join,
	.ReScanCustomScan = rescan_window_join,
	.EstimateDSMCustomScan = window_join_estimate_dsm,
	.InitializeDSMCustomScan = window_join_initialize_dsm,
	.ReInitializeDSMCustomScan = window_join_reinitialize_dsm,
	.InitializeWorkerCustomScan = window_join_initialize_worker,
	.ShutdownCustomScan = window_join_shutdown,
	.ExplainCustomScan = window_join_explain,
};

/*
 * CreateCustomScanState: make the state of a plan, not yet initialized.
 */
Node *
create_window_join_state(CustomScan *plan)
{
	WindowJoinState *state = (WindowJoinState *) newNode(sizeof(WindowJoinState),
														 T_CustomScanState);

	(void) plan;
	state->css.methods = &exec_methods;
	return (Node *) state;
}
