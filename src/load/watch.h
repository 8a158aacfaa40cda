/*-------------------------------------------------------------------------
 *
 * watch.h
 *	  Loading what arrives.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_WATCH_H
#define LOAD_WATCH_H

#include "counters.h"
#include "options.h"

extern int	watch_files(Options *options, LoadCounters *counters);

#endif							/* LOAD_WATCH_H */
