/*-------------------------------------------------------------------------
 *
 * print_values.c
 *	  Numbers, times and timespans as Kusto's tostring() prints them.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values.h"

/*
 * Print the shortest digits that stand for the number, with a point.
 */
int
kql_print_real(double value, char *buffer)
{
	char		digits[40];
	int			exponent;
	int			count;
	int			length = 0;
	const char *mantissa;

	if (isnan(value))
		return sprintf(buffer, "NaN");
	if (isinf(value))
		return sprintf(buffer, value < 0 ? "-inf" : "inf");

	for (int precision = 1; precision <= 17; precision++)
	{
		snprintf(digits, sizeof(digits), "%.*e", precision - 1, value);
		if (strtod(digits, NULL) == value)
			break;
	}
	exponent = atoi(strchr(digits, 'e') + 1);
	mantissa = digits;
	if (*mantissa == '-')
	{
		buffer[length++] = '-';
		mantissa++;
	}
	/* one digit, and those behind the point */
	digits[strcspn(digits, "e")] = '\0';
	if (mantissa[1] == '.')
		memmove((char *) mantissa + 1, mantissa + 2, strlen(mantissa + 2) + 1);
	count = (int) strlen(mantissa);

	if (exponent < -5 || exponent > 14)
	{
		length += sprintf(buffer + length, "%c%s%se%c%02d", mantissa[0],
						  count > 1 ? "." : "", mantissa + 1,
						  exponent < 0 ? '-' : '+', abs(exponent));
		return length;
	}
	if (exponent < 0)
	{
		length += sprintf(buffer + length, "0.");
		for (int i = -1; i > exponent; i--)
			buffer[length++] = '0';
		return length + sprintf(buffer + length, "%s", mantissa);
	}
	for (int i = 0; i <= exponent || i < count; i++)
	{
		if (i == exponent + 1)
			buffer[length++] = '.';
		buffer[length++] = i < count ? mantissa[i] : '0';
	}
	if (count <= exponent + 1)
		length += sprintf(buffer + length, ".0");
	buffer[length] = '\0';
	return length;
}

/*
 * Print a time: ISO 8601 with seven decimals.
 */
int
kql_print_datetime(int64_t ticks, char *buffer)
{
	int64_t		days = ticks / KQL_TICKS_PER_DAY;
	int64_t		rest = ticks % KQL_TICKS_PER_DAY;
	int			year,
				month,
				day;

	kql_split_date(days, &year, &month, &day);
	return snprintf(buffer, KQL_VALUE_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%07dZ",
					year, month, day, (int) (rest / KQL_TICKS_PER_HOUR),
					(int) (rest / KQL_TICKS_PER_MINUTE % 60),
					(int) (rest / KQL_TICKS_PER_SECOND % 60),
					(int) (rest % KQL_TICKS_PER_SECOND));
}

/*
 * Print a timespan: [-][d.]hh:mm:ss[.fffffff].
 */
int
kql_print_timespan(int64_t ticks, char *buffer)
{
	uint64_t	rest = ticks < 0 ? 0 - (uint64_t) ticks : (uint64_t) ticks;
	uint64_t	days = rest / (uint64_t) KQL_TICKS_PER_DAY;
	int			length = 0;

	rest %= (uint64_t) KQL_TICKS_PER_DAY;
	if (ticks < 0)
		buffer[length++] = '-';
	if (days > 0)
		length += sprintf(buffer + length, "%llu.", (unsigned long long) days);
	length += sprintf(buffer + length, "%02d:%02d:%02d",
					  (int) (rest / (uint64_t) KQL_TICKS_PER_HOUR),
					  (int) (rest / (uint64_t) KQL_TICKS_PER_MINUTE % 60),
					  (int) (rest / (uint64_t) KQL_TICKS_PER_SECOND % 60));
	rest %= (uint64_t) KQL_TICKS_PER_SECOND;
	if (rest > 0)
		length += sprintf(buffer + length, ".%07d", (int) rest);
	return length;
}
