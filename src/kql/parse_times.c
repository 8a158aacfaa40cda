/*-------------------------------------------------------------------------
 *
 * parse_times.c
 *	  Times and timespans from the text that Kusto reads them from.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "values.h"

/* No timespan has more days */
#define MOST_DAYS	10675199

/* A place in a text */
typedef struct Scan
{
	const char *at;
	const char *end;
} Scan;

/*
 * The next byte, or zero at the end.
 */
static int
peek(const Scan *scan)
{
	return scan->at < scan->end ? (unsigned char) *scan->at : 0;
}

/*
 * Pass over white space.
 */
static void
skip_space(Scan *scan)
{
	while (isspace(peek(scan)))
		scan->at++;
}

/*
 * Pass over this byte, and space around it.
 */
static bool
accept(Scan *scan, int c)
{
	const char *start = scan->at;

	skip_space(scan);
	if (peek(scan) != c)
	{
		scan->at = start;
		return false;
	}
	scan->at++;
	skip_space(scan);
	return true;
}

/*
 * A number of that many digits at most.
 */
static bool
number(Scan *scan, int most, int *value, int *digits)
{
	*value = 0;
	*digits = 0;
	while (isdigit(peek(scan)) && *digits < most)
	{
		*value = *value * 10 + (peek(scan) - '0');
		scan->at++;
		(*digits)++;
	}
	return *digits > 0;
}

/*
 * Digits after a point, as ticks; what is beyond ticks is cut off.
 */
static bool
fraction(Scan *scan, int64_t *ticks)
{
	int64_t		unit = KQL_TICKS_PER_SECOND;

	if (!isdigit(peek(scan)))
		return false;
	for (; isdigit(peek(scan)); scan->at++)
	{
		unit /= 10;
		*ticks += (peek(scan) - '0') * unit;
	}
	return true;
}

/*
 * Days before a year.
 */
static int64_t
days_before_year(int64_t year)
{
	year--;
	return year * 365 + year / 4 - year / 100 + year / 400;
}

/*
 * Days before a month in a year.
 */
static int
days_before_month(int year, int month)
{
	static const int days[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
	bool		leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (leap && month > 2 ? 1 : 0);
}

/*
 * Days since 0001-01-01 of a date, if there is such a date.
 */
static bool
make_date(int year, int month, int day, int64_t *days)
{
	if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 ||
		day > days_before_month(year, month + 1) - days_before_month(year, month) +
		(month == 12 && days_before_month(year, 3) > 59 ? 1 : 0) || day > 31)
		return false;
	*days = days_before_year(year) + days_before_month(year, month) + day - 1;
	return true;
}

/*
 * The date that is so many days after 0001-01-01.
 */
void
kql_split_date(int64_t days, int *year, int *month, int *day)
{
	*year = (int) (days / 366 + 1);
	while (days_before_year(*year + 1) <= days)
		(*year)++;
	days -= days_before_year(*year);
	*month = 1;
	while (*month < 12 && days_before_month(*year, *month + 1) <= days)
		(*month)++;
	*day = (int) days - days_before_month(*year, *month) + 1;
}

/*
 * A date: year first, or month first and the year last.
 */
static bool
parse_date(Scan *scan, int64_t *days)
{
	int			a,
				b,
				c;
	int			digits_a,
				digits;
	int			separator;

	if (!number(scan, 4, &a, &digits_a))
		return false;
	skip_space(scan);
	separator = peek(scan);
	if (separator != '-' && separator != '/' && separator != '.')
		return digits_a == 4 && separator == 0 && make_date(a, 1, 1, days);
	scan->at++;
	skip_space(scan);
	if (!number(scan, 2, &b, &digits))
		return false;
	if (!accept(scan, separator))
		return digits_a == 4 && peek(scan) == 0 && make_date(a, b, 1, days);
	if (!number(scan, 4, &c, &digits))
		return false;
	if (digits_a == 4 && digits <= 2)
		return make_date(a, b, c, days);
	return digits_a <= 2 && digits == 4 && separator != '.' &&
		make_date(c, a, b, days);
}

/*
 * AM or PM after a time of day.
 */
static bool
parse_half_of_day(Scan *scan, int *hour)
{
	int			c;

	skip_space(scan);
	c = tolower(peek(scan));
	if ((c != 'a' && c != 'p') || scan->end - scan->at < 2 ||
		tolower((unsigned char) scan->at[1]) != 'm')
		return true;
	scan->at += 2;
	if (*hour < 1 || *hour > 12)
		return false;
	*hour = *hour % 12 + (c == 'p' ? 12 : 0);
	return true;
}

/*
 * A time of day.
 */
static bool
parse_time_of_day(Scan *scan, int64_t *ticks)
{
	int			hour,
				minute,
				second = 0;
	int			digits;
	int64_t		part = 0;

	if (!number(scan, 2, &hour, &digits) || !accept(scan, ':') ||
		!number(scan, 2, &minute, &digits))
		return false;
	if (accept(scan, ':'))
	{
		if (!number(scan, 2, &second, &digits))
			return false;
		if (peek(scan) == '.')
		{
			scan->at++;
			if (!fraction(scan, &part))
				return false;
		}
	}
	if (!parse_half_of_day(scan, &hour))
		return false;
	if (hour == 24 && minute == 0 && second == 0 && part == 0)
		 /* the end of the day */ ;
	else if (hour > 23 || minute > 59 || second > 59)
		return false;
	*ticks += hour * KQL_TICKS_PER_HOUR + minute * KQL_TICKS_PER_MINUTE +
		second * KQL_TICKS_PER_SECOND + part;
	return true;
}

/*
 * Z, or the distance from UTC.
 */
static bool
parse_zone(Scan *scan, int64_t *ticks)
{
	int			sign = peek(scan) == '-' ? 1 : -1;
	int			hour,
				minute = 0;
	int			digits;

	if (tolower(peek(scan)) == 'z')
	{
		scan->at++;
		return true;
	}
	if (scan->end - scan->at == 3 && memcmp(scan->at, "GMT", 3) == 0)
	{
		scan->at += 3;
		return true;
	}
	if (peek(scan) != '+' && peek(scan) != '-')
		return true;
	scan->at++;
	if (!number(scan, 2, &hour, &digits) || hour > 14)
		return false;
	if (accept(scan, ':') || isdigit(peek(scan)))
	{
		if (!number(scan, 2, &minute, &digits) || minute > 59)
			return false;
	}
	*ticks += sign * (hour * KQL_TICKS_PER_HOUR + minute * KQL_TICKS_PER_MINUTE);
	return true;
}

/*
 * todatetime() of a text: false where that is null.
 */
bool
kql_parse_datetime(KqlString s, int64_t *ticks)
{
	Scan		scan = {s.data, s.data + s.length};
	int64_t		days;
	int64_t		result = 0;

	skip_space(&scan);
	while (scan.end > scan.at && isspace((unsigned char) scan.end[-1]))
		scan.end--;
	if (!parse_date(&scan, &days))
		return false;
	if (scan.at < scan.end)
	{
		if (tolower(peek(&scan)) == 't')
			scan.at++;
		else if (!isspace(peek(&scan)))
			return false;
		skip_space(&scan);
		if (!parse_time_of_day(&scan, &result))
			return false;
		skip_space(&scan);
		if (!parse_zone(&scan, &result) || scan.at < scan.end)
			return false;
	}
	result += days * KQL_TICKS_PER_DAY;
	if (result < 0 || result >= KQL_TICKS_TO_END)
		return false;
	*ticks = result;
	return true;
}

/*
 * Ticks of a unit by its name, or zero.  A nanosecond is a hundredth of a tick.
 */
static double
unit_ticks(const char *name, size_t length)
{
	static const struct
	{
		const char *name;
		double		ticks;
	}			units[] = {
		{"d", 864e9}, {"day", 864e9}, {"days", 864e9},
		{"h", 36e9}, {"hr", 36e9}, {"hrs", 36e9}, {"hour", 36e9}, {"hours", 36e9},
		{"m", 6e8}, {"min", 6e8}, {"mins", 6e8}, {"minute", 6e8}, {"minutes", 6e8},
		{"s", 1e7}, {"sec", 1e7}, {"secs", 1e7}, {"second", 1e7}, {"seconds", 1e7},
		{"ms", 1e4}, {"milli", 1e4}, {"millis", 1e4}, {"millisecond", 1e4}, {"milliseconds", 1e4},
		{"micro", 10}, {"micros", 10}, {"microsecond", 10}, {"microseconds", 10},
		{"tick", 1}, {"ticks", 1},
		{"nano", 0.01}, {"nanos", 0.01}, {"nanosecond", 0.01}, {"nanoseconds", 0.01}
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
	{
		if (strlen(units[i].name) == length && memcmp(units[i].name, name, length) == 0)
			return units[i].ticks;
	}
	return 0;
}

/*
 * Add so many units, in digits that may have a point, to a number of ticks.
 */
static bool
add_units(int64_t *ticks, const char *digits, double unit)
{
	double		part;
	int64_t		whole;

	if (strchr(digits, '.') == NULL && unit >= 1)
	{
		/* a whole number of whole ticks is exact */
		errno = 0;
		whole = strtoll(digits, NULL, 10);
		if (errno != 0 || __builtin_mul_overflow(whole, (int64_t) unit, &whole))
			return false;
	}
	else
	{
		/* a decimal fraction may be a little less in binary */
		part = floor(strtod(digits, NULL) * unit + 0.001);
		if (part >= 9223372036854775808.0)
			return false;
		whole = (int64_t) part;
	}
	return !__builtin_add_overflow(*ticks, whole, ticks);
}

/*
 * Numbers with units, such as 1d 2h.
 */
static bool
parse_units(Scan scan, int64_t *ticks)
{
	int64_t		sum = 0;
	bool		negative = peek(&scan) == '-';

	if (negative)
		scan.at++;
	do
	{
		char		digits[40];
		size_t		length = 0;
		const char *name;
		double		unit;

		skip_space(&scan);
		while ((isdigit(peek(&scan)) || peek(&scan) == '.') && length < sizeof(digits) - 1)
			digits[length++] = *scan.at++;
		digits[length] = '\0';
		if (length == 0 || !isdigit((unsigned char) digits[length - 1]))
			return false;
		skip_space(&scan);
		for (name = scan.at; isalpha(peek(&scan));)
			scan.at++;
		unit = unit_ticks(name, (size_t) (scan.at - name));
		if (unit == 0)
			return false;
		if (!add_units(&sum, digits, unit))
			return false;
		skip_space(&scan);
	} while (scan.at < scan.end);
	*ticks = negative ? -sum : sum;
	return true;
}

/*
 * [d.]hh:mm[:ss[.fffffff]], or a number of days.
 */
static bool
parse_clock(Scan scan, int64_t *ticks)
{
	bool		negative = peek(&scan) == '-';
	int			first,
				hour,
				minute,
				second = 0;
	int			digits;
	int64_t		result = 0;
	int64_t		part = 0;

	if (negative || peek(&scan) == '+')
		scan.at++;
	if (!number(&scan, 8, &first, &digits) || first > MOST_DAYS)
		return false;
	if (scan.at == scan.end)
	{
		*ticks = (negative ? -1 : 1) * first * KQL_TICKS_PER_DAY;
		return true;
	}
	hour = first;
	if (peek(&scan) == '.')
	{
		scan.at++;
		if (!number(&scan, 2, &hour, &digits))
			return false;
		result = first * KQL_TICKS_PER_DAY;
	}
	if (peek(&scan) != ':')
		return false;
	scan.at++;
	if (!number(&scan, 2, &minute, &digits))
		return false;
	if (peek(&scan) == ':')
	{
		scan.at++;
		if (!number(&scan, 2, &second, &digits))
			return false;
		if (peek(&scan) == '.')
		{
			scan.at++;
			if (!fraction(&scan, &part))
				return false;
		}
	}
	if (scan.at < scan.end || hour > 23 || minute > 59 || second > 59)
		return false;
	part += hour * KQL_TICKS_PER_HOUR + minute * KQL_TICKS_PER_MINUTE +
		second * KQL_TICKS_PER_SECOND;
	/* there is one more tick below zero than above */
	return !(negative ? __builtin_sub_overflow(-result, part, ticks) :
			 __builtin_add_overflow(result, part, ticks));
}

/*
 * totimespan() of a text: false where that is null.
 */
bool
kql_parse_timespan(KqlString s, int64_t *ticks)
{
	Scan		scan = {s.data, s.data + s.length};

	skip_space(&scan);
	while (scan.end > scan.at && isspace((unsigned char) scan.end[-1]))
		scan.end--;
	if (scan.at == scan.end)
		return false;
	return parse_clock(scan, ticks) || parse_units(scan, ticks);
}
