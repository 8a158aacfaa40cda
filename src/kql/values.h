/*-------------------------------------------------------------------------
 *
 * values.h
 *	  Kusto's scalar values as text, read and printed.
 *
 * Times are ticks of 100 ns since 0001-01-01 UTC, timespans are ticks.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef VALUES_H
#define VALUES_H

#include "kql.h"

#define KQL_TICKS_PER_SECOND	INT64_C(10000000)
#define KQL_TICKS_PER_MINUTE	(60 * KQL_TICKS_PER_SECOND)
#define KQL_TICKS_PER_HOUR		(60 * KQL_TICKS_PER_MINUTE)
#define KQL_TICKS_PER_DAY		(24 * KQL_TICKS_PER_HOUR)

/* Days from 0001-01-01 to 2000-01-01, and to 10000-01-01 */
#define KQL_DAYS_TO_2000		730119
#define KQL_DAYS_TO_END			3652059
#define KQL_TICKS_TO_END		(KQL_DAYS_TO_END * KQL_TICKS_PER_DAY)

/* Room for any of these as text */
#define KQL_VALUE_SIZE			48

/* parse_values.c */
extern bool kql_parse_long(KqlString s, int64_t *result);
extern bool kql_parse_real(KqlString s, double *result);
extern bool kql_parse_decimal(KqlString s, KqlString *digits);
extern bool kql_parse_bool(KqlString s, bool *result);
extern bool kql_parse_guid(KqlString s, char *result);

/* parse_times.c */
extern bool kql_parse_datetime(KqlString s, int64_t *ticks);
extern bool kql_parse_timespan(KqlString s, int64_t *ticks);
extern void kql_split_date(int64_t days, int *year, int *month, int *day);

/* print_values.c */
extern int	kql_print_real(double value, char *buffer);
extern int	kql_print_datetime(int64_t ticks, char *buffer);
extern int	kql_print_timespan(int64_t ticks, char *buffer);

#endif							/* VALUES_H */
