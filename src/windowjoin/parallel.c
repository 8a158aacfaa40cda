/*-------------------------------------------------------------------------
 *
 * parallel.c
 *	  The windowed join in several processes.
 *
 * Each process reads its share of both sides and writes it, divided by hash,
 * to batches in files that all of them see.  When all is written, each process
 * takes on one batch after the other and joins it as if it were alone.  Nobody
 * waits for anybody any more then, as a process that returns rows may be
 * stopped until the leader reads them.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "storage/barrier.h"
#include "storage/sharedfileset.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "windowjoin/node.h"

/* As many batches at least for each process, so that all have enough to do */
#define BATCHES_PER_PROCESS	8

/* As many batches at most */
#define MAX_SHARED_BATCHES	256

/* What a tuplestore that is written to takes: sharedtuplestore.c's chunk */
#define STORE_BUFFER_SIZE	((Size) 4 * BLCKSZ)

/* Phases of the barrier */
#define PHASE_WRITING	0
#define PHASE_JOINING	1

/* What the processes share; the tuplestores of all batches follow */
typedef struct SharedWindowJoin
{
	dsm_handle	segment;		/* that this is in */
	int			processes;		/* as many at most */
	int			batch_count;
	Barrier		barrier;
	pg_atomic_uint32 next_batch;
	SharedFileSet files;
} SharedWindowJoin;

/*
 * The tuplestore of one side of a batch.
 */
static SharedTuplestore *
batch_store(SharedWindowJoin *shared, int batch, bool inner)
{
	Size		size = MAXALIGN(sts_estimate(shared->processes));
	char	   *first = (char *) shared + MAXALIGN(sizeof(SharedWindowJoin));

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
	while (count > processes && count * STORE_BUFFER_SIZE > state->table->limit)
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
	Size		stores;

	if (!node->ss.ps.plan->parallel_aware)
		return 0;
	stores = mul_size(2 * choose_batch_count(state, processes),
					  MAXALIGN(sts_estimate(processes)));
	return add_size(MAXALIGN(sizeof(SharedWindowJoin)), stores);
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
	pg_atomic_init_u32(&shared->next_batch, 0);
	initialize_batches(shared);
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
	if (!node->ss.ps.plan->parallel_aware || context->seg == NULL)
		return;

	shared->segment = dsm_segment_handle(context->seg);
	shared->processes = context->nworkers + 1;
	shared->batch_count = choose_batch_count(state, shared->processes);
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
	if (!node->ss.ps.plan->parallel_aware)
		return;
	SharedFileSetAttach(&shared->files, dsm_find_mapping(shared->segment));
	state->shared = shared;
}

/*
 * The batches as this process sees them.
 */
WindowBatches *
window_join_attach_batches(WindowJoinState *state)
{
	SharedWindowJoin *shared = state->shared;
	WindowBatches *batches;
	MemoryContext caller;

	batches = window_batches_create(state->css.ss.ps.state->es_query_cxt,
									shared->batch_count);
	batches->next = &shared->next_batch;

	caller = MemoryContextSwitchTo(batches->context);
	for (int i = 0; i < shared->batch_count; i++)
	{
		batches->inner[i].shared = sts_attach(batch_store(shared, i, true),
											  ParallelWorkerNumber + 1,
											  &shared->files);
		batches->outer[i].shared = sts_attach(batch_store(shared, i, false),
											  ParallelWorkerNumber + 1,
											  &shared->files);
	}
	MemoryContextSwitchTo(caller);
	return batches;
}

/*
 * Come to where rows are written; false if that is over.
 */
bool
window_join_begin_writing(WindowJoinState *state)
{
	Barrier    *barrier = &state->shared->barrier;

	if (BarrierAttach(barrier) == PHASE_WRITING)
		return true;
	BarrierDetach(barrier);
	return false;
}

/*
 * All inner rows of this process are written.
 */
void
window_join_end_inner(WindowJoinState *state)
{
	for (int i = 0; i < state->batches->count; i++)
		sts_end_write(state->batches->inner[i].shared);
}

/*
 * Wait for the others to have written all their rows, too.
 */
void
window_join_end_writing(WindowJoinState *state)
{
	Barrier    *barrier = &state->shared->barrier;

	for (int i = 0; i < state->batches->count; i++)
		sts_end_write(state->batches->outer[i].shared);
	BarrierArriveAndWait(barrier, PG_WAIT_EXTENSION);
	Assert(BarrierPhase(barrier) == PHASE_JOINING);
	BarrierDetach(barrier);
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
	if (state->batches != NULL)
		window_batches_destroy(state->batches);
	state->batches = NULL;
	state->shared = NULL;

	/* so that a new scan does not take the last batch for all rows */
	state->built = false;
	state->done = true;
}
