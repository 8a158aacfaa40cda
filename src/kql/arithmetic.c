/*-------------------------------------------------------------------------
 *
 * arithmetic.c
 *	  Arithmetic as Kusto does it: integers wrap around, reals follow
 *	  IEEE 754, and what has no result is NULL.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/int.h"
#include "fmgr.h"
#include "utils/timestamp.h"

#include "azhunt.h"
#include "kql/scalars.h"
#include "kql/values.h"

PG_FUNCTION_INFO_V1(azhunt_add_long);
PG_FUNCTION_INFO_V1(azhunt_subtract_long);
PG_FUNCTION_INFO_V1(azhunt_multiply_long);
PG_FUNCTION_INFO_V1(azhunt_divide_long);
PG_FUNCTION_INFO_V1(azhunt_modulo_long);
PG_FUNCTION_INFO_V1(azhunt_abs_long);
PG_FUNCTION_INFO_V1(azhunt_bin_long);
PG_FUNCTION_INFO_V1(azhunt_add_real);
PG_FUNCTION_INFO_V1(azhunt_subtract_real);
PG_FUNCTION_INFO_V1(azhunt_multiply_real);
PG_FUNCTION_INFO_V1(azhunt_divide_real);
PG_FUNCTION_INFO_V1(azhunt_modulo_real);
PG_FUNCTION_INFO_V1(azhunt_bin_real);
PG_FUNCTION_INFO_V1(azhunt_least_real);
PG_FUNCTION_INFO_V1(azhunt_greatest_real);
PG_FUNCTION_INFO_V1(azhunt_pow);
PG_FUNCTION_INFO_V1(azhunt_exp);
PG_FUNCTION_INFO_V1(azhunt_sqrt);
PG_FUNCTION_INFO_V1(azhunt_log);
PG_FUNCTION_INFO_V1(azhunt_log2);
PG_FUNCTION_INFO_V1(azhunt_log10);
PG_FUNCTION_INFO_V1(azhunt_add_timespan);
PG_FUNCTION_INFO_V1(azhunt_subtract_timespan);
PG_FUNCTION_INFO_V1(azhunt_subtract_datetimes);
PG_FUNCTION_INFO_V1(azhunt_multiply_timespan);
PG_FUNCTION_INFO_V1(azhunt_divide_timespan);
PG_FUNCTION_INFO_V1(azhunt_divide_timespans);
PG_FUNCTION_INFO_V1(azhunt_modulo_timespans);
PG_FUNCTION_INFO_V1(azhunt_abs_timespan);
PG_FUNCTION_INFO_V1(azhunt_bin_datetime);
PG_FUNCTION_INFO_V1(azhunt_bin_timespan);

/*
 * A timespan of so many microseconds.
 */
Interval *
make_timespan(int64 microseconds)
{
	Interval   *result = palloc0(sizeof(Interval));

	result->time = microseconds;
	return result;
}

/*
 * Is it a time that Kusto has?
 */
bool
is_kusto_time(int64 time)
{
	return time >= KUSTO_FIRST_TIME && time < KUSTO_END_OF_TIME;
}

/*
 * A sum that wraps around.
 */
Datum
azhunt_add_long(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64((int64) ((uint64) PG_GETARG_INT64(0) + (uint64) PG_GETARG_INT64(1)));
}

/*
 * A difference that wraps around.
 */
Datum
azhunt_subtract_long(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64((int64) ((uint64) PG_GETARG_INT64(0) - (uint64) PG_GETARG_INT64(1)));
}

/*
 * A product that wraps around.
 */
Datum
azhunt_multiply_long(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64((int64) ((uint64) PG_GETARG_INT64(0) * (uint64) PG_GETARG_INT64(1)));
}

/*
 * A quotient, cut to a whole number.
 */
Datum
azhunt_divide_long(PG_FUNCTION_ARGS)
{
	int64		a = PG_GETARG_INT64(0);
	int64		b = PG_GETARG_INT64(1);

	if (b == 0)
		PG_RETURN_NULL();
	if (b == -1)
		PG_RETURN_INT64((int64) (0 - (uint64) a));
	PG_RETURN_INT64(a / b);
}

/*
 * A remainder, which is never negative.
 */
Datum
azhunt_modulo_long(PG_FUNCTION_ARGS)
{
	int64		a = PG_GETARG_INT64(0);
	int64		b = PG_GETARG_INT64(1);
	int64		rest;

	if (b == 0)
		PG_RETURN_NULL();
	if (b == -1)
		PG_RETURN_INT64(0);
	rest = a % b;
	if (rest < 0)
		rest = (int64) ((uint64) rest + (b < 0 ? 0 - (uint64) b : (uint64) b));
	PG_RETURN_INT64(rest);
}

/*
 * Without its sign; the least long has none without.
 */
Datum
azhunt_abs_long(PG_FUNCTION_ARGS)
{
	int64		a = PG_GETARG_INT64(0);

	PG_RETURN_INT64(a < 0 ? (int64) (0 - (uint64) a) : a);
}

/*
 * The greatest multiple of "size" up to "value"; false if there is none.
 */
static bool
multiple_below(int64 value, int64 size, int64 *result)
{
	int64		rest;

	if (size <= 0)
		return false;
	rest = value % size;
	if (rest < 0)
		rest += size;
	return !pg_sub_s64_overflow(value, rest, result);
}

/*
 * bin() of a whole number
 */
Datum
azhunt_bin_long(PG_FUNCTION_ARGS)
{
	int64		result;

	if (!multiple_below(PG_GETARG_INT64(0), PG_GETARG_INT64(1), &result))
		PG_RETURN_NULL();
	PG_RETURN_INT64(result);
}

/*
 * A sum that may be infinite.
 */
Datum
azhunt_add_real(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(PG_GETARG_FLOAT8(0) + PG_GETARG_FLOAT8(1));
}

/*
 * A difference that may be infinite.
 */
Datum
azhunt_subtract_real(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(PG_GETARG_FLOAT8(0) - PG_GETARG_FLOAT8(1));
}

/*
 * A product that may be infinite.
 */
Datum
azhunt_multiply_real(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(PG_GETARG_FLOAT8(0) * PG_GETARG_FLOAT8(1));
}

/*
 * A quotient, infinite or NaN if the divisor is zero.
 */
Datum
azhunt_divide_real(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(PG_GETARG_FLOAT8(0) / PG_GETARG_FLOAT8(1));
}

/*
 * A remainder, which is never negative.
 */
Datum
azhunt_modulo_real(PG_FUNCTION_ARGS)
{
	double		a = PG_GETARG_FLOAT8(0);
	double		b = fabs(PG_GETARG_FLOAT8(1));

	PG_RETURN_FLOAT8(a - b * floor(a / b));
}

/*
 * bin() of a real
 */
Datum
azhunt_bin_real(PG_FUNCTION_ARGS)
{
	double		size = PG_GETARG_FLOAT8(1);

	if (!(size > 0))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(floor(PG_GETARG_FLOAT8(0) / size) * size);
}

/*
 * The less of two, or NaN if one is.
 */
Datum
azhunt_least_real(PG_FUNCTION_ARGS)
{
	double		a = PG_GETARG_FLOAT8(0);
	double		b = PG_GETARG_FLOAT8(1);

	PG_RETURN_FLOAT8(isnan(a) || a < b ? a : b);
}

/*
 * The greater of two, or NaN if one is.
 */
Datum
azhunt_greatest_real(PG_FUNCTION_ARGS)
{
	double		a = PG_GETARG_FLOAT8(0);
	double		b = PG_GETARG_FLOAT8(1);

	PG_RETURN_FLOAT8(isnan(a) || a > b ? a : b);
}

/*
 * A power
 */
Datum
azhunt_pow(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(pow(PG_GETARG_FLOAT8(0), PG_GETARG_FLOAT8(1)));
}

/*
 * A power of e
 */
Datum
azhunt_exp(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(exp(PG_GETARG_FLOAT8(0)));
}

/*
 * A square root, NaN of a negative number
 */
Datum
azhunt_sqrt(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(sqrt(PG_GETARG_FLOAT8(0)));
}

/*
 * A logarithm, NULL of a negative number
 */
Datum
azhunt_log(PG_FUNCTION_ARGS)
{
	if (PG_GETARG_FLOAT8(0) < 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(log(PG_GETARG_FLOAT8(0)));
}

/*
 * A logarithm to base 2
 */
Datum
azhunt_log2(PG_FUNCTION_ARGS)
{
	if (PG_GETARG_FLOAT8(0) < 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(log2(PG_GETARG_FLOAT8(0)));
}

/*
 * A logarithm to base 10
 */
Datum
azhunt_log10(PG_FUNCTION_ARGS)
{
	if (PG_GETARG_FLOAT8(0) < 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(log10(PG_GETARG_FLOAT8(0)));
}

/*
 * datetime + timespan
 */
Datum
azhunt_add_timespan(PG_FUNCTION_ARGS)
{
	int64		time;

	if (pg_add_s64_overflow(PG_GETARG_TIMESTAMPTZ(0), timespan_microseconds(PG_GETARG_INTERVAL_P(1), "timespan"), &time) ||
		!is_kusto_time(time))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(time);
}

/*
 * datetime - timespan
 */
Datum
azhunt_subtract_timespan(PG_FUNCTION_ARGS)
{
	int64		time;

	if (pg_sub_s64_overflow(PG_GETARG_TIMESTAMPTZ(0), timespan_microseconds(PG_GETARG_INTERVAL_P(1), "timespan"), &time) ||
		!is_kusto_time(time))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(time);
}

/*
 * datetime - datetime
 */
Datum
azhunt_subtract_datetimes(PG_FUNCTION_ARGS)
{
	TimestampTz later = PG_GETARG_TIMESTAMPTZ(0);
	TimestampTz earlier = PG_GETARG_TIMESTAMPTZ(1);

	if (!is_kusto_time(later) || !is_kusto_time(earlier))
		PG_RETURN_NULL();
	PG_RETURN_INTERVAL_P(make_timespan(later - earlier));
}

/*
 * A timespan of a real number of microseconds, or NULL
 */
static Datum
timespan_of(FunctionCallInfo fcinfo, double microseconds)
{
	if (!(fabs(microseconds) < 9.2e17))
		PG_RETURN_NULL();
	PG_RETURN_INTERVAL_P(make_timespan((int64) trunc(microseconds)));
}

/*
 * timespan * number
 */
Datum
azhunt_multiply_timespan(PG_FUNCTION_ARGS)
{
	return timespan_of(fcinfo, (double) timespan_microseconds(PG_GETARG_INTERVAL_P(0), "timespan") * PG_GETARG_FLOAT8(1));
}

/*
 * timespan / number
 */
Datum
azhunt_divide_timespan(PG_FUNCTION_ARGS)
{
	return timespan_of(fcinfo, (double) timespan_microseconds(PG_GETARG_INTERVAL_P(0), "timespan") / PG_GETARG_FLOAT8(1));
}

/*
 * timespan / timespan
 */
Datum
azhunt_divide_timespans(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8((double) timespan_microseconds(PG_GETARG_INTERVAL_P(0), "timespan") /
					 (double) timespan_microseconds(PG_GETARG_INTERVAL_P(1), "timespan"));
}

/*
 * timespan % timespan
 */
Datum
azhunt_modulo_timespans(PG_FUNCTION_ARGS)
{
	int64		a = timespan_microseconds(PG_GETARG_INTERVAL_P(0), "timespan");
	int64		b = timespan_microseconds(PG_GETARG_INTERVAL_P(1), "timespan");
	int64		rest;

	if (b == 0)
		PG_RETURN_NULL();
	rest = b == -1 ? 0 : a % b;
	if (rest < 0)
		rest = (int64) ((uint64) rest + (b < 0 ? 0 - (uint64) b : (uint64) b));
	PG_RETURN_INTERVAL_P(make_timespan(rest));
}

/*
 * A timespan without its sign; the least has none without.
 */
Datum
azhunt_abs_timespan(PG_FUNCTION_ARGS)
{
	int64		a = timespan_microseconds(PG_GETARG_INTERVAL_P(0), "timespan");

	PG_RETURN_INTERVAL_P(make_timespan(a < 0 ? (int64) (0 - (uint64) a) : a));
}

/*
 * bin() of a time
 */
Datum
azhunt_bin_datetime(PG_FUNCTION_ARGS)
{
	int64		size = timespan_microseconds(PG_GETARG_INTERVAL_P(1), "bin size");
	int64		result;

	if (size <= 0 || !kql_bin(PG_GETARG_TIMESTAMPTZ(0), size, &result) || !is_kusto_time(result))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(result);
}

/*
 * bin() of a timespan
 */
Datum
azhunt_bin_timespan(PG_FUNCTION_ARGS)
{
	int64		result;

	if (!multiple_below(timespan_microseconds(PG_GETARG_INTERVAL_P(0), "timespan"),
						timespan_microseconds(PG_GETARG_INTERVAL_P(1), "bin size"), &result))
		PG_RETURN_NULL();
	PG_RETURN_INTERVAL_P(make_timespan(result));
}
