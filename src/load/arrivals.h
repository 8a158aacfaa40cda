/*-------------------------------------------------------------------------
 *
 * arrivals.h
 *	  Directories in which files arrive.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_ARRIVALS_H
#define LOAD_ARRIVALS_H

#include "read/find_files.h"

extern int	arrivals_start(void);
extern void arrivals_watch(int notifier, const FileList *list);
extern void arrivals_forget(int notifier);

#endif							/* LOAD_ARRIVALS_H */
