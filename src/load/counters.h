/*-------------------------------------------------------------------------
 *
 * counters.h
 *	  What all jobs count and show together, in shared memory.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_COUNTERS_H
#define LOAD_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "options.h"
#include "unknown_logs.h"

typedef struct LoadCounters
{
	_Atomic int64_t next_file;
	_Atomic int64_t rows_read;	/* also of files that are not loaded in the
								 * end */
	_Atomic int64_t bytes_of_job[MAX_JOBS];
	_Atomic int64_t rows[COUNTED_TABLES];
	_Atomic int64_t dropped[COUNTED_TABLES];	/* rows that were sent and are
												 * not stored */
	_Atomic int64_t rejected[COUNTED_TABLES];
	_Atomic int64_t misfits[COUNTED_TABLES];	/* values kept in
												 * additionalfields */
	_Atomic int64_t missing[COUNTED_TABLES][MAX_NEEDED];	/* rows without */
	_Atomic int64_t rejected_elsewhere; /* whose table is not known */
	UnknownLogs unknown[MAX_JOBS];	/* each job counts its own */
	_Atomic int64_t files_loaded;
	_Atomic int64_t files_known;
	_Atomic int64_t files_failed;
	_Atomic int64_t files_unfinished;	/* loaded but for their last record */
	size_t		progress_width; /* of the progress line on the terminal */
} LoadCounters;

#endif							/* LOAD_COUNTERS_H */
