/*-------------------------------------------------------------------------
 *
 * merge_parallel.c
 *	  The windowed join by a merge of indexes in several processes.
 *
 * The work is divided into shares, and each process takes one after the other.
 * Where there are many slices of time, each is one.  Otherwise a share is a range of
 * keys, by the statistics of the largest table, so that each entry is read by one
 * process alone.  Without statistics, keys are divided by
 * their hash, into as many shares as there may be processes; all entries are then
 * read for each share, but rows, which take longer, are fetched for one alone.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "optimizer/optimizer.h"

#include "compat.h"
#include "windowjoin/merge.h"

/*
 * Take keys of a slice that no process has joined yet; false if there are none.
 */
bool
merge_take_share(WindowMergeState *state)
{
	MergeStream *stream = state->stream;
	uint32		share;

	if (state->shared == NULL)
	{
		stream->shares = 1;
		share = state->next_share++;
	}
	else
	{
		stream->shares = state->shared->shares;
		share = pg_atomic_fetch_add_u32(&state->shared->next_share, 1);
	}
	stream->share = share % stream->shares;
	state->slice = share / stream->shares;
	return state->slice < state->slice_count;
}

/*
 * What it took this process to join.
 */
MergeCounts
merge_counts(const WindowMergeState *state)
{
	const MergeRows *sides = state->batch->sides;
	MergeCounts counts = {
		.entries = state->stream->entries[MERGE_OUTER] +
		state->stream->entries[MERGE_INNER],
		.pairs = state->pairs,
		.rows = sides[MERGE_OUTER].fetched + sides[MERGE_INNER].fetched,
		.unfetched = sides[MERGE_OUTER].unfetched + sides[MERGE_INNER].unfetched,
		.pages = sides[MERGE_OUTER].pages + sides[MERGE_INNER].pages,
		.batches = state->batches,
		.spooled = state->spooled,
		.memory = state->ring->peak + state->batch->peak,
	};

	return counts;
}

/*
 * EstimateDSMCustomScan: size of what the processes share.
 */
Size
window_merge_estimate_dsm(CustomScanState *node, ParallelContext *pcxt)
{
	(void) node;
	(void) pcxt;
	return sizeof(MergeShared);
}

/*
 * InitializeDSMCustomScan: set up what the processes share.
 */
void
window_merge_initialize_dsm(CustomScanState *node, ParallelContext *pcxt,
							void *coordinate)
{
	WindowMergeState *state = (WindowMergeState *) node;
	MergeShared *shared = coordinate;
	uint32		ranges = state->stream->range_count + 1;
	uint32		processes = Max(pcxt->nworkers + (parallel_leader_participation ? 1 : 0), 1);

	memset(shared, 0, sizeof(MergeShared));
	pg_atomic_init_u32(&shared->next_share, 0);
	SpinLockInit(&shared->lock);
	shared->shares = ranges > 1 ||
		state->slice_count >= processes * SHARES_PER_PROCESS ? ranges : processes;
	state->shared = shared;
}

/*
 * ReInitializeDSMCustomScan: make ready for another scan.
 */
void
window_merge_reinitialize_dsm(CustomScanState *node, ParallelContext *pcxt,
							  void *coordinate)
{
	WindowMergeState *state = (WindowMergeState *) node;

	(void) pcxt;
	state->shared = coordinate;
	pg_atomic_write_u32(&state->shared->next_share, 0);
}

/*
 * InitializeWorkerCustomScan: find what the processes share.
 */
void
window_merge_initialize_worker(CustomScanState *node, shm_toc *toc,
							   void *coordinate)
{
	WindowMergeState *state = (WindowMergeState *) node;

	(void) toc;
	state->shared = coordinate;
}

/*
 * ShutdownCustomScan: have the leader know what it took, while there is shared
 * memory.
 */
void
window_merge_shutdown(CustomScanState *node)
{
	WindowMergeState *state = (WindowMergeState *) node;
	MergeShared *shared = state->shared;
	MergeCounts own;

	if (shared == NULL)
		return;
	own = merge_counts(state);
	SpinLockAcquire(&shared->lock);
	if (IsParallelWorker())
	{
		shared->counts.entries += own.entries;
		shared->counts.pairs += own.pairs;
		shared->counts.rows += own.rows;
		shared->counts.unfetched += own.unfetched;
		shared->counts.pages += own.pages;
		shared->counts.batches += own.batches;
		shared->counts.spooled += own.spooled;
		shared->counts.memory = Max(shared->counts.memory, own.memory);
	}
	else
		state->workers = shared->counts;
	SpinLockRelease(&shared->lock);
	/* it goes before this may be called again */
	state->shared = NULL;
}
