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

typedef enum RouteKind
{
	ROUTE_LOG_TABLE,			/* to one of the log tables */
	ROUTE_OTHER_TABLE,			/* to --table, which is a user's own */
	ROUTE_NO_TABLE,				/* of a log that has no table */
	ROUTE_NOWHERE				/* nobody can tell */
} RouteKind;

/* Where a record goes, or why it goes nowhere. */
typedef struct Route
{
	RouteKind	kind;
	const LogTable *table;		/* the log table, or NULL */
	char	   *log;			/* what the log is called that has no table */
	char	   *error;
} Route;

extern void route_record(const Record *record, const char *path, const char *option, Route *route);
extern void route_free(Route *route);

#endif							/* LOAD_ROUTE_H */
