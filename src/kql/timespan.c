/*-------------------------------------------------------------------------
 *
 * timespan.c
 *	  Arithmetic on times and KQL timespans, exact and without overflow.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "kql.h"

/* 0001-01-01 UTC, the origin of KQL's bin(), in microseconds from 2000-01-01 */
#define BIN_ORIGIN	(INT64_C(-730119) * INT64_C(86400000000))

/*
 * Is this time before or after all times?
 */
static inline bool
is_infinite(int64_t time)
{
	return time == KQL_TIME_MINUS_INFINITY || time == KQL_TIME_INFINITY;
}

/*
 * anchor - lookback <= event <= anchor, for a lookback that is not negative.
 *
 * A window that ends at an infinite time holds just that time, as infinity
 * less anything is infinity.
 */
bool
kql_within(int64_t event, int64_t anchor, int64_t lookback)
{
	if (is_infinite(event) || is_infinite(anchor))
		return event == anchor;

	/* the difference of two int64 always fits an uint64 */
	return event <= anchor &&
		(uint64_t) anchor - (uint64_t) event <= (uint64_t) lookback;
}

/*
 * The earliest time that is within the lookback of the anchor.
 *
 * "earliest" is the earliest finite time that there is: a window that would
 * start before it starts there, and so still leaves out minus infinity.
 */
int64_t
kql_window_start(int64_t anchor, int64_t lookback, int64_t earliest)
{
	int64_t		start;

	if (is_infinite(anchor))
		return anchor;
	if (__builtin_sub_overflow(anchor, lookback, &start) || start < earliest)
		return earliest;
	return start;
}

/*
 * The last time that the event is within the lookback of.
 *
 * "latest" is the latest finite time that there is: a window that would end
 * after it ends there, and so still leaves out infinity.
 */
int64_t
kql_window_end(int64_t event, int64_t lookback, int64_t latest)
{
	int64_t		end;

	if (is_infinite(event))
		return event;
	if (__builtin_add_overflow(event, lookback, &end) || end > latest)
		return latest;
	return end;
}

/*
 * KQL's bin(): round down to a multiple of size, counted from 0001-01-01 UTC.
 *
 * Size must be positive.  False if the result is not representable.
 */
bool
kql_bin(int64_t time, int64_t size, int64_t *result)
{
	int64_t		remainder;

	if (is_infinite(time))
	{
		*result = time;
		return true;
	}

	/* unsigned, because a late time's distance from the origin is no int64 */
	if (time >= BIN_ORIGIN)
		remainder = ((uint64_t) time - (uint64_t) BIN_ORIGIN) % size;
	else
	{
		remainder = ((uint64_t) BIN_ORIGIN - (uint64_t) time) % size;
		if (remainder > 0)
			remainder = size - remainder;
	}
	return !__builtin_sub_overflow(time, remainder, result);
}
