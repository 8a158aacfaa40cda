/*-------------------------------------------------------------------------
 *
 * explain.h
 *	  What would be loaded of files, without a server.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_EXPLAIN_H
#define LOAD_EXPLAIN_H

#include "options.h"
#include "read/find_files.h"

extern bool explain_files(const Options *options, const FileList *list);

#endif							/* LOAD_EXPLAIN_H */
