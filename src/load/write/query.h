/*-------------------------------------------------------------------------
 *
 * query.h
 *	  Queries and commands whose failure is that of the file.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_QUERY_H
#define LOAD_QUERY_H

#include "write/writer.h"

extern PGresult *query_or_fail(Writer *writer, const char *query, int nparameters,
							   const char *const *parameters);
extern PGresult *execute_or_fail(Writer *writer, const char *command);
extern bool command_or_fail(Writer *writer, const char *command);

#endif							/* LOAD_QUERY_H */
