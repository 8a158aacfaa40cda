/*-------------------------------------------------------------------------
 *
 * scalars.h
 *	  What the functions of compiled queries share.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SCALARS_H
#define SCALARS_H

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "kql/values.h"

/* Kusto's first time and the end of its last year, in PostgreSQL's microseconds */
#define KUSTO_FIRST_TIME	(-(int64) KQL_DAYS_TO_2000 * USECS_PER_DAY)
#define KUSTO_END_OF_TIME	((int64) (KQL_DAYS_TO_END - KQL_DAYS_TO_2000) * USECS_PER_DAY)

/* arithmetic.c */
extern Interval *make_timespan(int64 microseconds);
extern bool is_kusto_time(int64 time);

/* conversions.c */
extern int64 ticks_of_timespan(Interval *span);

/* encoding.c */
extern KqlString utf8_argument(FunctionCallInfo fcinfo, int number);
extern KqlString server_string(KqlString s);
extern text *server_text(KqlString s);

/* json.c */
extern void print_json(StringInfo out, Jsonb *json);
extern bool json_scalar(Jsonb *json, JsonbValue *value);

#endif							/* SCALARS_H */
