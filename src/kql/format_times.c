/*-------------------------------------------------------------------------
 *
 * format_times.c
 *	  SQL functions that print times and timespans in other forms than
 *	  tostring() does.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "azhunt.h"
#include "kql/scalars.h"

PG_FUNCTION_INFO_V1(azhunt_format_datetime);
PG_FUNCTION_INFO_V1(azhunt_format_timespan);

/*
 * Print fractions of a second: f as many digits as letters, F without zeros at
 * the end.
 */
static void
append_fraction(StringInfo out, int64 ticks, int count, bool trimmed)
{
	char		digits[16];

	snprintf(digits, sizeof(digits), "%07d", (int) (ticks % KQL_TICKS_PER_SECOND));
	if (count > 7)
		count = 7;
	while (trimmed && count > 0 && digits[count - 1] == '0')
		count--;
	appendBinaryStringInfo(out, digits, count);
}

/*
 * Print a part of a time for a run of the same letter; false if the letter
 * stands for itself.
 */
static bool
append_time_part(StringInfo out, char letter, int count, int64 ticks)
{
	int			year,
				month,
				day;
	int			hour = (int) (ticks / KQL_TICKS_PER_HOUR % 24);

	kql_split_date(ticks / KQL_TICKS_PER_DAY, &year, &month, &day);
	switch (letter)
	{
		case 'y':
			if (count <= 2)
				appendStringInfo(out, count == 2 ? "%02d" : "%d", year % 100);
			else
				appendStringInfo(out, "%0*d", count, year);
			return true;
		case 'M':
			appendStringInfo(out, "%0*d", count > 2 ? 2 : count, month);
			return true;
		case 'd':
			appendStringInfo(out, "%0*d", count > 2 ? 2 : count, day);
			return true;
		case 'H':
			appendStringInfo(out, "%0*d", count > 2 ? 2 : count, hour);
			return true;
		case 'h':
			appendStringInfo(out, "%0*d", count > 2 ? 2 : count, hour % 12 == 0 ? 12 : hour % 12);
			return true;
		case 'm':
			appendStringInfo(out, "%0*d", count > 2 ? 2 : count, (int) (ticks / KQL_TICKS_PER_MINUTE % 60));
			return true;
		case 's':
			appendStringInfo(out, "%0*d", count > 2 ? 2 : count, (int) (ticks / KQL_TICKS_PER_SECOND % 60));
			return true;
		case 'f':
		case 'F':
			append_fraction(out, ticks, count, letter == 'F');
			return true;
		case 't':
			appendStringInfoString(out, hour < 12 ? "AM" : "PM");
			return true;
		default:
			return false;
	}
}

/*
 * The same for a timespan.
 */
static bool
append_timespan_part(StringInfo out, char letter, int count, int64 ticks)
{
	switch (letter)
	{
		case 'd':
			appendStringInfo(out, "%0*lld", count, (long long) (ticks / KQL_TICKS_PER_DAY));
			return true;
		case 'H':
		case 'h':
		case 'm':
		case 's':
		case 'f':
		case 'F':
			if (letter == 'h')
				letter = 'H';
			return append_time_part(out, letter, count, ticks);
		default:
			return false;
	}
}

/*
 * Print by a format.
 */
static text *
print_format(StringInfo out, int64 ticks, text *format,
			 bool (*append_part) (StringInfo out, char letter, int count, int64 ticks))
{
	const char *p = VARDATA_ANY(format);
	const char *end = p + VARSIZE_ANY_EXHDR(format);

	while (p < end)
	{
		const char *start = p;

		while (p < end && *p == *start)
			p++;
		if (!append_part(out, *start, p - start, ticks))
			appendBinaryStringInfo(out, start, p - start);
	}
	return cstring_to_text_with_len(out->data, out->len);
}

/*
 * format_datetime(time, format)
 */
Datum
azhunt_format_datetime(PG_FUNCTION_ARGS)
{
	TimestampTz time = PG_GETARG_TIMESTAMPTZ(0);
	StringInfoData out;

	if (!is_kusto_time(time))
		PG_RETURN_NULL();
	initStringInfo(&out);
	PG_RETURN_TEXT_P(print_format(&out, (time - KUSTO_FIRST_TIME) * 10, PG_GETARG_TEXT_PP(1), append_time_part));
}

/*
 * format_timespan(timespan, format)
 */
Datum
azhunt_format_timespan(PG_FUNCTION_ARGS)
{
	int64		ticks = ticks_of_timespan(PG_GETARG_INTERVAL_P(0));
	StringInfoData out;

	initStringInfo(&out);
	if (ticks < 0)
	{
		appendStringInfoChar(&out, '-');
		ticks = ticks == PG_INT64_MIN ? PG_INT64_MAX : -ticks;
	}
	PG_RETURN_TEXT_P(print_format(&out, ticks, PG_GETARG_TEXT_PP(1), append_timespan_part));
}
