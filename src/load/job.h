/*-------------------------------------------------------------------------
 *
 * job.h
 *	  One job: files, one after the other, each in a transaction.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_JOB_H
#define LOAD_JOB_H

#include "counters.h"
#include "options.h"
#include "read/find_files.h"

typedef struct LoadJob LoadJob;

/* What became of a file. */
typedef enum FileOutcome
{
	FILE_LOADED,
	FILE_KNOWN,					/* it was loaded before */
	FILE_UNFINISHED,			/* loaded but for its last record */
	FILE_FAILED
} FileOutcome;

extern LoadJob *start_job(PGconn *connection, Options *options, LoadCounters *counters, int number,
						  void (*tick) (void));
extern FileOutcome load_file(LoadJob *job, const InputFile *file);
extern void end_job(LoadJob *job);
extern bool run_job(PGconn *connection, Options *options, const FileList *list,
					LoadCounters *counters, int number, void (*tick) (void));

#endif							/* LOAD_JOB_H */
