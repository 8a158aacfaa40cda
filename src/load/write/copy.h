/*-------------------------------------------------------------------------
 *
 * copy.h
 *	  One COPY, from its start to the server's answer.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_COPY_H
#define LOAD_COPY_H

#include "write/target_table.h"

/* so much is sent at once */
#define SEND_SIZE	(64 * 1024)

extern bool provide_staging_table(Writer *writer, TargetTable *target);
extern bool start_copy(Writer *writer, TargetTable *target);
extern bool send_rows(Writer *writer, const char *data, size_t length);
extern PGresult *finish_copy(Writer *writer);
extern bool end_copy(Writer *writer);
extern int	row_of_error(const TargetTable *target, const PGresult *result, int nrows);
extern bool is_about_row(const PGresult *result);
extern void count_rows(TargetTable *target, const PGresult *result, int nrows);
extern void discard_rows(TargetTable *target);
extern bool fill_view(Writer *writer, TargetTable *target);

#endif							/* LOAD_COPY_H */
