/*-------------------------------------------------------------------------
 *
 * times.c
 *	  SQL functions on times: bin, within and the bounds of windows.
 *
 * A KQL timespan is a number of ticks.  An interval is taken for one if it has
 * no months; its days have 24 hours whatever the session's time zone, which is
 * what lets these functions be immutable.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/int.h"
#include "fmgr.h"
#include "utils/timestamp.h"

#include "azhunt.h"

PG_FUNCTION_INFO_V1(azhunt_bin);
PG_FUNCTION_INFO_V1(azhunt_bin_end);
PG_FUNCTION_INFO_V1(azhunt_within);
PG_FUNCTION_INFO_V1(azhunt_window_start);
PG_FUNCTION_INFO_V1(azhunt_window_end);

/*
 * Microseconds of an interval that stands for a KQL timespan.
 *
 * "what" names the argument in errors.
 */
int64
timespan_microseconds(const Interval *span, const char *what)
{
	int64		microseconds;

	if (span->month != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not contain months or years", what),
				 errdetail("A KQL timespan has a fixed length, and months differ in length."),
				 errhint("Write it in days, hours, minutes or seconds.")));

	if (pg_mul_s64_overflow(span->day, USECS_PER_DAY, &microseconds) ||
		pg_add_s64_overflow(microseconds, span->time, &microseconds))
		ereport(ERROR,
				(errcode(ERRCODE_INTERVAL_FIELD_OVERFLOW),
				 errmsg("%s is out of range", what),
				 errhint("The longest timespan is 106751991 days.")));

	return microseconds;
}

/*
 * Is this a lookback that lookback_microseconds() has no error for?  Stores
 * its microseconds if so.
 */
bool
lookback_is_valid(const Interval *lookback, int64 *microseconds)
{
	return lookback->month == 0 &&
		!pg_mul_s64_overflow(lookback->day, USECS_PER_DAY, microseconds) &&
		!pg_add_s64_overflow(*microseconds, lookback->time, microseconds) &&
		*microseconds >= 0;
}

/*
 * Microseconds of a lookback, which may be zero but not negative.
 */
int64
lookback_microseconds(const Interval *lookback)
{
	int64		microseconds = timespan_microseconds(lookback, "lookback");

	if (microseconds < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("lookback must not be negative"),
				 errhint("The window ends at the anchor and reaches back; write '1 minute' for the minute before it.")));

	return microseconds;
}

/*
 * Microseconds of a bin's size, which must be positive.
 */
int64
bin_microseconds(const Interval *size)
{
	int64		microseconds = timespan_microseconds(size, "bin size");

	if (microseconds <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bin size must be greater than zero"),
				 errhint("Write '1 hour' to round down to whole hours.")));

	return microseconds;
}

/*
 * Start of the bin that a time is in.
 */
static TimestampTz
bin_start(TimestampTz time, int64 size)
{
	TimestampTz start;

	if (!kql_bin(time, size, &start) ||
		(!TIMESTAMP_NOT_FINITE(time) && !IS_VALID_TIMESTAMP(start)))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range"),
				 errdetail("The bin of this size starts before the earliest timestamp.")));

	return start;
}

/*
 * bin(timestamptz, interval): KQL's bin(), origin 0001-01-01 UTC.
 */
Datum
azhunt_bin(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(bin_start(PG_GETARG_TIMESTAMPTZ(0),
									bin_microseconds(PG_GETARG_INTERVAL_P(1))));
}

/*
 * bin_end(timestamptz, interval): the first time after the bin.
 *
 * Infinity where the bin reaches past the last timestamp.
 */
Datum
azhunt_bin_end(PG_FUNCTION_ARGS)
{
	int64		size = bin_microseconds(PG_GETARG_INTERVAL_P(1));
	TimestampTz start = bin_start(PG_GETARG_TIMESTAMPTZ(0), size);
	TimestampTz end;

	if (TIMESTAMP_NOT_FINITE(start))
		PG_RETURN_TIMESTAMPTZ(start);
	if (pg_add_s64_overflow(start, size, &end) || !IS_VALID_TIMESTAMP(end))
		PG_RETURN_TIMESTAMPTZ(DT_NOEND);
	PG_RETURN_TIMESTAMPTZ(end);
}

/*
 * within(event, anchor, lookback): anchor - lookback <= event <= anchor.
 */
Datum
azhunt_within(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(kql_within(PG_GETARG_TIMESTAMPTZ(0),
							  PG_GETARG_TIMESTAMPTZ(1),
							  lookback_microseconds(PG_GETARG_INTERVAL_P(2))));
}

/*
 * window_start(anchor, lookback): the earliest event that is within().
 */
Datum
azhunt_window_start(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(kql_window_start(PG_GETARG_TIMESTAMPTZ(0),
										   lookback_microseconds(PG_GETARG_INTERVAL_P(1)),
										   MIN_TIMESTAMP));
}

/*
 * window_end(event, lookback): the last anchor that an event is within() of.
 */
Datum
azhunt_window_end(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(kql_window_end(PG_GETARG_TIMESTAMPTZ(0),
										 lookback_microseconds(PG_GETARG_INTERVAL_P(1)),
										 END_TIMESTAMP - 1));
}
