/*-------------------------------------------------------------------------
 *
 * times.h
 *	  Times as Azure writes them.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_TIMES_H
#define LOAD_TIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MICROSECONDS_PER_DAY	INT64_C(86400000000)
#define TIME_TEXT_LENGTH	sizeof("2026-01-31 23:59:59.999999+00")

/*
 * What a text may be, in microseconds since 1970-01-01 UTC: 10/03/2026 is of
 * October or of March.
 */
typedef struct TimeReadings
{
	bool		by_slashes;		/* the year comes last */
	bool		by_half_days;	/* AM or PM, as in the United States */
	bool		has_month_first;
	bool		has_day_first;
	int64_t		month_first;
	int64_t		day_first;		/* the same unless by_slashes */
} TimeReadings;

extern bool parse_time(const char *text, size_t length, TimeReadings *readings);
extern void format_time(int64_t time, char text[TIME_TEXT_LENGTH]);
extern int64_t day_of_time(int64_t time);
extern void format_day(int64_t day, char text[TIME_TEXT_LENGTH]);

#endif							/* LOAD_TIMES_H */
