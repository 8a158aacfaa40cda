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

extern bool run_job(PGconn *connection, Options *options, const FileList *list,
					LoadCounters *counters, int number, void (*tick) (void));

#endif							/* LOAD_JOB_H */
