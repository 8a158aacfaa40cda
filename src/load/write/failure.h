/*-------------------------------------------------------------------------
 *
 * failure.h
 *	  Files that are not loaded, and why.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_FAILURE_H
#define LOAD_FAILURE_H

#include "read/buffered_input.h"
#include "write/writer.h"

extern void fail_file(Writer *writer, char *reason);
extern void fail_file_at(Writer *writer, Position position, char *reason);
extern void fail_connection(Writer *writer, const PGresult *result);
extern bool load_again(Writer *writer);
extern bool must_stop(Writer *writer);

#endif							/* LOAD_FAILURE_H */
