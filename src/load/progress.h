/*-------------------------------------------------------------------------
 *
 * progress.h
 *	  What a person sees while files are loaded, and at the end.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_PROGRESS_H
#define LOAD_PROGRESS_H

#include "counters.h"
#include "options.h"
#include "read/find_files.h"

extern void start_progress(LoadCounters *counters, const FileList *list, const Options *options);
extern void show_progress(void);
extern void end_progress(void);
extern void show_summary(const LoadCounters *counters, const Options *options);

#endif							/* LOAD_PROGRESS_H */
