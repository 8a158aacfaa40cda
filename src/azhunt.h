/*-------------------------------------------------------------------------
 *
 * azhunt.h
 *	  What the files of the extension share.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef AZHUNT_H
#define AZHUNT_H

#include "datatype/timestamp.h"
#include "fmgr.h"

#include "compat.h"
#include "kql/kql.h"

/* The bytes of a text that is detoasted, packed or not */
#define TextKqlString(t)	kql_string(VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t))

/* kql/strings.c */
extern KqlEncoding known_encoding;
extern KqlEncoding look_up_encoding(void);

/*
 * The encoding of the database, which a process looks up once.
 */
static inline KqlEncoding
database_encoding(void)
{
	return known_encoding != KQL_UNKNOWN ? known_encoding : look_up_encoding();
}

/* kql/times.c */
extern int64 timespan_microseconds(const Interval *span, const char *what);
extern int64 lookback_microseconds(const Interval *lookback);
extern bool lookback_is_valid(const Interval *lookback, int64 *microseconds);
extern int64 bin_microseconds(const Interval *size);

extern PGDLLEXPORT Datum azhunt_within(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum azhunt_window_start(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum azhunt_window_end(PG_FUNCTION_ARGS);

#endif							/* AZHUNT_H */
