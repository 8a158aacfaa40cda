/*-------------------------------------------------------------------------
 *
 * route.h
 *	  The table in which a record belongs.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_ROUTE_H
#define LOAD_ROUTE_H

#include "map/log_tables.h"
#include "read/record.h"

typedef enum Route
{
	ROUTE_LOG_TABLE,			/* to one of the log tables */
	ROUTE_OTHER_TABLE,			/* to --table */
	ROUTE_NOWHERE
} Route;

extern Route route_record(const Record *record, const char *path, bool has_other_table,
						  const LogTable **table, char **error);

#endif							/* LOAD_ROUTE_H */
