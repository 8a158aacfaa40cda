/*-------------------------------------------------------------------------
 *
 * parallel.c
 *	  The windowed join in several processes.
 *
 * Each process keeps its share of the inner rows in memory that all can see.
 * When all are there, the processes sort them together, and then each looks up
 * its share of the outer rows.
 *
 * If one finds that its share does not fit into memory, each process writes
 * its share of both sides, divided by hash, to batches in files instead, and
 * then takes on one batch after the other and joins it as if it were alone.
 *
 * Nobody waits for anybody any more once rows are returned, as a process that
 * returns rows may be stopped until the leader reads them.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/parallel.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/barrier.h"
#include "storage/sharedfileset.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "compat.h"
#include "windowjoin/exec.h"

/* As many batches at least for each process, so that all have enough to do */
#define BATCHES_PER_PROCESS	8

/* As many batches at most */
#define MAX_SHARED_BATCHES	256

/* What the processes share; the tuplestores of all batches follow */
typedef struct SharedWindowJoin
{
	dsm_handle	segment;		/* that this is in */
	int			processes;		/* as many at most */
	Barrier		barrier;		/* its phases are WindowJoinPhases */

	/* the table */
	pg_atomic_uint64 memory;	/* of all processes together */
	pg_atomic_uint64 stripe_rows[STRIPES];	/* of all processes together */
	pg_atomic_uint32 positions[STRIPES];	/* where to make entries */
	pg_atomic_uint32 next_stripe;	/* to be sorted */
	uint32		entry_count;
	dsa_pointer entries;
	dsa_pointer directory;

	/* the batches, if there is no table */
	pg_atomic_uint32 overflowed;
	int			batch_count;
	pg_atomic_uint32 next_batch;	/* to be joined */
	pg_atomic_uint64 largest_tuple; /* bytes */
	pg_atomic_uint64 batch_memory;	/* of the process that took most */
	pg_atomic_uint64 pieces;
	SharedFileSet files;

	TablePointer chunks[FLEXIBLE_ARRAY_MEMBER]; /* of each process */
} SharedWindowJoin;

/*
 * Check that all processes are at this phase, which this one is part of.
 */
static inline void
assert_phase(const WindowJoinState *state PG_USED_FOR_ASSERTS_ONLY,
			 WindowJoinPhase phase PG_USED_FOR_ASSERTS_ONLY)
{
	Assert(BarrierPhase(&state->shared->barrier) == (int) phase);
}

/*
 * Size of the struct.
 */
static Size
shared_size(int processes)
{
	return MAXALIGN(add_size(offsetof(SharedWindowJoin, chunks),
							 mul_size(processes, sizeof(TablePointer))));
}

/*
 * The tuplestore of one side of a batch.
 */
static SharedTuplestore *
batch_store(SharedWindowJoin *shared, int batch, bool inner)
{
	Size		size = MAXALIGN(sts_estimate(shared->processes));
	char	   *first = (char *) shared + shared_size(shared->processes);

	return (SharedTuplestore *) (first + (2 * batch + (inner ? 1 : 0)) * size);
}

/*
 * How many batches to make, a power of two: enough for all processes to have
 * something to do, and for each to fit into memory.
 */
static int
choose_batch_count(WindowJoinState *state, int processes)
{
	CustomScan *plan = (CustomScan *) state->css.ss.ps.plan;
	double		bytes = state->inner.plan->plan->plan_rows * processes *
	intVal(list_nth(plan->custom_private, PRIVATE_INNER_ROW_SIZE));
	int			count = 1;

	while (count < MAX_SHARED_BATCHES &&
		   (count < BATCHES_PER_PROCESS * processes ||
			(double) count * state->table->limit < 1.5 * bytes))
		count *= 2;

	/* but no more than there is memory to write them all at once */
	while (count > 1 && count * STORE_MEMORY > state->table->limit)
		count /= 2;
	return count;
}

/*
 * EstimateDSMCustomScan: size of what the processes share.
 */
Size
window_join_estimate_dsm(CustomScanState *node, ParallelContext *context)
{
	WindowJoinState *state = (WindowJoinState *) node;
	int			processes = context->nworkers + 1;
	Size		stores = mul_size(2 * choose_batch_count(state, processes),
								  MAXALIGN(sts_estimate(processes)));

	return add_size(shared_size(processes), stores);
}

/*
 * Make all batches, empty.
 */
static void
initialize_batches(SharedWindowJoin *shared)
{
	for (int i = 0; i < 2 * shared->batch_count; i++)
	{
		char		name[NAMEDATALEN];
		bool		inner = i % 2 == 1;

		snprintf(name, sizeof(name), "%s%d", inner ? "inner" : "outer", i / 2);
		sts_initialize(batch_store(shared, i / 2, inner), shared->processes,
					   ParallelWorkerNumber + 1, sizeof(StoredRow), 0,
					   &shared->files, name);
	}
}

/*
 * Make ready for the processes to begin.
 */
static void
initialize_shared(SharedWindowJoin *shared)
{
	BarrierInit(&shared->barrier, 0);
	pg_atomic_init_u64(&shared->memory, 0);
	pg_atomic_init_u64(&shared->largest_tuple, 0);
	for (int stripe = 0; stripe < STRIPES; stripe++)
	{
		pg_atomic_init_u64(&shared->stripe_rows[stripe], 0);
		pg_atomic_init_u32(&shared->positions[stripe], 0);
	}
	pg_atomic_init_u32(&shared->next_stripe, 0);
	shared->entry_count = 0;
	shared->entries = InvalidDsaPointer;
	shared->directory = InvalidDsaPointer;
	for (int i = 0; i < shared->processes; i++)
		shared->chunks[i] = InvalidDsaPointer;

	pg_atomic_init_u32(&shared->overflowed, 0);
	pg_atomic_init_u32(&shared->next_batch, 0);
	initialize_batches(shared);
}

/*
 * Free the table.
 */
static void
free_table(SharedWindowJoin *shared, dsa_area *area)
{
	for (int i = 0; i < shared->processes; i++)
		window_table_free_chunks(area, shared->chunks[i]);
	if (DsaPointerIsValid(shared->entries))
		dsa_free(area, shared->entries);
	if (DsaPointerIsValid(shared->directory))
		dsa_free(area, shared->directory);
}

/*
 * InitializeDSMCustomScan: set up what the processes share.
 */
void
window_join_initialize_dsm(CustomScanState *node, ParallelContext *context,
						   void *coordinate)
{
	WindowJoinState *state = (WindowJoinState *) node;
	SharedWindowJoin *shared = coordinate;

	/* without shared memory there is only the leader, who joins alone */
	if (context->seg == NULL)
		return;

	shared->segment = dsm_segment_handle(context->seg);
	shared->processes = context->nworkers + 1;
	shared->batch_count = choose_batch_count(state, shared->processes);
	pg_atomic_init_u64(&shared->batch_memory, 0);
	pg_atomic_init_u64(&shared->pieces, 0);
	SharedFileSetInit(&shared->files, context->seg);
	initialize_shared(shared);
	state->shared = shared;
}

/*
 * ReInitializeDSMCustomScan: make ready for another scan.
 */
void
window_join_reinitialize_dsm(CustomScanState *node, ParallelContext *context,
							 void *coordinate)
{
	SharedWindowJoin *shared = ((WindowJoinState *) node)->shared;

	(void) context;
	(void) coordinate;
	if (shared == NULL)
		return;
	free_table(shared, node->ss.ps.state->es_query_dsa);
	SharedFileSetDeleteAll(&shared->files);
	initialize_shared(shared);
}

/*
 * InitializeWorkerCustomScan: find what the processes share.
 */
void
window_join_initialize_worker(CustomScanState *node, shm_toc *toc,
							  void *coordinate)
{
	WindowJoinState *state = (WindowJoinState *) node;
	SharedWindowJoin *shared = coordinate;

	(void) toc;
	SharedFileSetAttach(&shared->files, dsm_find_mapping(shared->segment));
	state->shared = shared;
}

/*
 * The batches as this process sees them.
 */
static WindowBatches *
attach_batches(WindowJoinState *state)
{
	SharedWindowJoin *shared = state->shared;
	WindowBatches *batches;
	MemoryContext caller;

	batches = window_batches_create(state->css.ss.ps.state->es_query_cxt,
									shared->batch_count);
	batches->next = &shared->next_batch;
	batches->files = &shared->files;

	caller = MemoryContextSwitchTo(batches->context);
	for (int i = 0; i < shared->batch_count; i++)
	{
		RowFile    *inner = &batches->inner[i];
		RowFile    *outer = &batches->outer[i];

		inner->store = batch_store(shared, i, true);
		inner->shared = sts_attach(inner->store, ParallelWorkerNumber + 1,
								   &shared->files);
		outer->store = batch_store(shared, i, false);
		outer->shared = sts_attach(outer->store, ParallelWorkerNumber + 1,
								   &shared->files);
	}
	MemoryContextSwitchTo(caller);
	return batches;
}

/*
 * Were the inner rows too many for the memory?
 */
static bool
has_overflowed(WindowJoinState *state)
{
	return pg_atomic_read_u32(&state->shared->overflowed) != 0;
}

/*
 * Divide the inner rows that this process has, and all to come, into batches,
 * and have the others do the same.
 */
void
window_join_start_shared_batches(WindowJoinState *state)
{
	Assert(state->batches == NULL);
	Assert(has_overflowed(state) ||
		   BarrierPhase(&state->shared->barrier) == PHASE_READING);

	pg_atomic_write_u32(&state->shared->overflowed, 1);
	state->batches = attach_batches(state);
	state->batch_count = state->batches->count;
	state->shared->chunks[ParallelWorkerNumber + 1] = InvalidDsaPointer;
	window_batches_take_table(state->batches, state->table,
							  get_hash_memory_limit());
}

/*
 * Raise a number to a value, if it is not as large.
 */
static void
raise_to(pg_atomic_uint64 *number, uint64 value)
{
	uint64		before = pg_atomic_read_u64(number);

	while (value > before &&
		   !pg_atomic_compare_exchange_u64(number, &before, value))
		;
}

/*
 * Begin to work together; says with what.
 */
static WindowJoinPhase
begin_together(WindowJoinState *state)
{
	/* what was kept before was not of the rows that are to come */
	Assert(state->batches == NULL);
	window_table_reset(state->table);
	state->table->area = state->css.ss.ps.state->es_query_dsa;
	state->table->processes = state->shared->processes;
	return BarrierAttach(&state->shared->barrier);
}

/*
 * Wait until all processes have done what they do together in this phase.
 * True in one of them, which may do what is left to one in the next phase.
 */
static bool
end_phase(WindowJoinState *state)
{
	return BarrierArriveAndWait(&state->shared->barrier, PG_WAIT_EXTENSION);
}

/*
 * Tell the others how many rows this process has in memory.
 */
static void
publish_rows(WindowJoinState *state)
{
	SharedWindowJoin *shared = state->shared;
	WindowTable *table = state->table;

	assert_phase(state, PHASE_READING);
	if (state->batches != NULL)
		return;
	for (int stripe = 0; stripe < STRIPES; stripe++)
		pg_atomic_fetch_add_u64(&shared->stripe_rows[stripe],
								table->stripe_rows[stripe]);
	pg_atomic_fetch_add_u64(&shared->memory, table->chunk_bytes);
	shared->chunks[ParallelWorkerNumber + 1] = table->chunks;
}

/*
 * Make room for the entries of all processes, if they are not too many.
 */
static void
allocate_entries(WindowJoinState *state)
{
	SharedWindowJoin *shared = state->shared;
	dsa_area   *area = state->table->area;
	uint64		count = 0;
	Size		entries_size;
	Size		directory_size;

	assert_phase(state, PHASE_ALLOCATING);
	for (int stripe = 0; stripe < STRIPES; stripe++)
	{
		pg_atomic_write_u32(&shared->positions[stripe], (uint32) count);
		count += pg_atomic_read_u64(&shared->stripe_rows[stripe]);
	}

	/* positions would be cut off; batches hold as many rows as there are */
	if (count > PG_INT32_MAX)
	{
		pg_atomic_write_u32(&shared->overflowed, 1);
		return;
	}

	shared->entry_count = (uint32) count;
	entries_size = Max(count, 1) * sizeof(WindowEntry);
	directory_size = window_table_directory_size(window_table_directory_bits(count));
	shared->entries = dsa_allocate_extended(area, entries_size, DSA_ALLOC_HUGE);
	shared->directory = dsa_allocate_extended(area, directory_size,
											  DSA_ALLOC_HUGE);
	pg_atomic_fetch_add_u64(&shared->memory, entries_size + directory_size);
}

/*
 * Have the table read from what the processes share.
 */
static void
attach_table(WindowJoinState *state)
{
	SharedWindowJoin *shared = state->shared;
	WindowTable *table = state->table;

	table->entry_count = shared->entry_count;
	table->entries = dsa_get_address(table->area, shared->entries);
	table->directory = dsa_get_address(table->area, shared->directory);
	table->directory_bits = window_table_directory_bits(shared->entry_count);
}

/*
 * Make the entries of this process's rows.
 */
static void
fill_entries(WindowJoinState *state)
{
	uint32		positions[STRIPES];

	assert_phase(state, PHASE_FILLING);
	attach_table(state);
	for (int stripe = 0; stripe < STRIPES; stripe++)
		positions[stripe] = pg_atomic_fetch_add_u32(&state->shared->positions[stripe],
													state->table->stripe_rows[stripe]);
	window_table_fill(state->table, positions);
}

/*
 * Sort as many stripes as the other processes leave to this one.
 */
static void
sort_stripes(WindowJoinState *state)
{
	SharedWindowJoin *shared = state->shared;
	uint32		stripe;

	assert_phase(state, PHASE_SORTING);
	attach_table(state);
	while ((stripe = pg_atomic_fetch_add_u32(&shared->next_stripe, 1)) < STRIPES)
	{
		/* filling has moved each stripe's position to its end */
		uint32		end = pg_atomic_read_u32(&shared->positions[stripe]);
		uint32		rows = (uint32) pg_atomic_read_u64(&shared->stripe_rows[stripe]);

		window_table_sort_stripe(state->table, stripe, end - rows, end);
	}
}

/*
 * All rows of one side that this process has are written to its files.
 */
static void
end_writing(WindowJoinState *state, RowFile *files)
{
	assert_phase(state, PHASE_FILLING);
	for (int i = 0; i < state->batches->count; i++)
		sts_end_write(files[i].shared);
	raise_to(&state->shared->largest_tuple, state->batches->largest);
}

/*
 * Check that what the processes have made together is whole.
 */
static inline void
assert_sorted(const WindowJoinState *state PG_USED_FOR_ASSERTS_ONLY)
{
#ifdef USE_ASSERT_CHECKING
	const WindowTable *table = state->table;
	SharedWindowJoin *shared = state->shared;
	uint32		rows = 0;

	for (int stripe = 0; stripe < STRIPES; stripe++)
	{
		rows += (uint32) pg_atomic_read_u64(&shared->stripe_rows[stripe]);
		Assert(pg_atomic_read_u32(&shared->positions[stripe]) == rows);
	}
	Assert(rows == table->entry_count);
	Assert(pg_atomic_read_u32(&shared->next_stripe) >= STRIPES);
	for (uint32 i = 0; i + 1 < rows; i++)
		Assert(table->entries[i].hash < table->entries[i + 1].hash ||
			   (table->entries[i].hash == table->entries[i + 1].hash &&
				table->entries[i].time <= table->entries[i + 1].time));
	Assert(table->directory[(Size) 1 << table->directory_bits] == rows);
#endif
}

/*
 * Stop working together: what is left each process does alone.
 */
static void
end_together(WindowJoinState *state)
{
	assert_phase(state, PHASE_JOINING);
	if (!has_overflowed(state))
	{
		attach_table(state);
		assert_sorted(state);
	}
	else
	{
		if (state->batches == NULL)
			window_join_start_shared_batches(state);
		state->batches->largest =
			pg_atomic_read_u64(&state->shared->largest_tuple);
		state->table->limit = window_batches_table_limit(state->batches,
														 get_hash_memory_limit());
	}
	BarrierDetach(&state->shared->barrier);
}

/*
 * Write what is not yet in batches to those that all processes see.
 */
static void
write_shared_batches(WindowJoinState *state)
{
	if (state->batches == NULL)
		window_join_start_shared_batches(state);
	window_join_note_memory(state);
	end_writing(state, state->batches->inner);
	window_join_divide_outer(state);
	window_join_note_memory(state);
	end_writing(state, state->batches->outer);
}

/*
 * Build a table, or batches, together with other processes.  One that comes
 * late goes on with what the others are at.
 */
void
window_join_build_shared(WindowJoinState *state)
{
	bool		chosen = false;

	switch (begin_together(state))
	{
		case PHASE_READING:
			window_join_read_inner(state);
			publish_rows(state);
			chosen = end_phase(state);
			pg_fallthrough;
		case PHASE_ALLOCATING:
			if (chosen && !has_overflowed(state))
				allocate_entries(state);
			(void) end_phase(state);
			pg_fallthrough;
		case PHASE_FILLING:
			if (has_overflowed(state))
				write_shared_batches(state);
			else
				fill_entries(state);
			(void) end_phase(state);
			pg_fallthrough;
		case PHASE_SORTING:
			if (!has_overflowed(state))
				sort_stripes(state);
			(void) end_phase(state);
			pg_fallthrough;
		case PHASE_JOINING:
			end_together(state);
	}
}

/*
 * Add what this process did to what all did, which EXPLAIN shows for the
 * leader; when that comes here, the others have been.
 */
static void
gather_instrumentation(WindowJoinState *state)
{
	SharedWindowJoin *shared = state->shared;

	raise_to(&shared->batch_memory, state->peak_memory);
	pg_atomic_fetch_add_u64(&shared->pieces, state->pieces);

	/* its filter */
	pg_atomic_fetch_add_u64(&shared->memory,
							MemoryContextMemAllocated(state->table->context, true));
	if (IsParallelWorker())
		return;

	state->executed = BarrierPhase(&shared->barrier) == PHASE_JOINING;
	if (has_overflowed(state))
	{
		state->peak_memory = pg_atomic_read_u64(&shared->batch_memory);
		state->pieces = pg_atomic_read_u64(&shared->pieces);
		state->batch_count = shared->batch_count;
	}
	else
		state->peak_memory = pg_atomic_read_u64(&shared->memory);
}

/*
 * ShutdownCustomScan: let go of shared memory, which is about to vanish.
 */
void
window_join_shutdown(CustomScanState *node)
{
	WindowJoinState *state = (WindowJoinState *) node;

	if (state->shared == NULL)
		return;
	gather_instrumentation(state);
	if (state->batches != NULL)
		window_batches_destroy(state->batches);
	state->batches = NULL;
	state->shared = NULL;
	window_table_reset(state->table);

	/* so that a new scan does not take the last batch for all rows */
	state->built = false;
	state->done = true;
}
