/*-------------------------------------------------------------------------
 *
 * times.c
 *	  Times as Azure writes them.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
/*
 * One grammar covers what is known to occur, all of it in UTC unless a zone is
 * given:
 *
 *	  2026-01-31T23:59:59.9999999Z			raw records, JSON
 *	  2026-01-31T23:59:59.9999999+00:00		createdDateTime of sign-ins
 *	  2026-01-31 23:59:59.999				answers of queries
 *	  2026/01/31 23:59:59.9999999			lastModifiedTime of SMB files
 *	  1/31/2026 11:59:59 PM					lastModifiedTime of blobs
 *	  1/31/2026 11:59:59 PM +00:00
 *	  1/31/2026, 11:59:59.999 PM			the portal's CSV; before PM stands
 *											a blank, U+00A0 or U+202F
 *	  1/31/2026 23:59:59
 *	  31/01/2026, 23:59:59.999				the portal's CSV outside the United States
 *	  2026-01-31							a day
 *
 * Microseconds are kept and what is finer is cut off, so that a time never
 * comes into the next hour.
 */
#include "map/times.h"

#include <stdio.h>
#include <string.h>

#include "common/ascii.h"

typedef struct Scanner
{
	const char *p;
	const char *end;
} Scanner;

/* A date and time of day, as written. */
typedef struct Fields
{
	int			year;
	int			month;
	int			day;
	int			hour;
	int			minute;
	int			second;
	int			microsecond;
	int			offset;			/* minutes east of UTC */
	bool		by_slashes;		/* month and day may be the other way round */
	bool		by_half_days;
} Fields;

/*
 * Is this byte next?  Then move over it.
 */
static bool
accept(Scanner *s, char c)
{
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

/*
 * Read a number of so many digits.
 */
static bool
read_number(Scanner *s, int at_least, int at_most, int *value)
{
	int			digits = 0;

	*value = 0;
	while (s->p < s->end && *s->p >= '0' && *s->p <= '9' && digits < at_most)
	{
		*value = *value * 10 + (*s->p++ - '0');
		digits++;
	}
	return digits >= at_least;
}

/*
 * Move over blanks, also those that JavaScript puts into times.
 */
static void
skip_blanks(Scanner *s)
{
	for (;;)
	{
		if (s->end - s->p >= 3 && memcmp(s->p, "\xE2\x80\xAF", 3) == 0)
			s->p += 3;
		else if (s->end - s->p >= 2 && memcmp(s->p, "\xC2\xA0", 2) == 0)
			s->p += 2;
		else if (!accept(s, ' '))
			return;
	}
}

/*
 * Read the date: year first, or month first as in the United States.  Whether the
 * day is first is for others to find out.
 */
static bool
read_date(Scanner *s, Fields *f)
{
	const char *start = s->p;
	int			first;
	char		separator;

	if (!read_number(s, 1, 4, &first) || s->p == s->end)
		return false;
	separator = *s->p;
	if (s->p - start == 4)
	{
		f->year = first;
		return (separator == '-' || separator == '/') &&
			accept(s, separator) && read_number(s, 1, 2, &f->month) &&
			accept(s, separator) && read_number(s, 1, 2, &f->day);
	}
	f->month = first;
	f->by_slashes = true;
	return s->p - start <= 2 &&
		accept(s, '/') && read_number(s, 1, 2, &f->day) &&
		accept(s, '/') && read_number(s, 4, 4, &f->year);
}

/*
 * Read the digits after the decimal point; the seventh and later ones are
 * finer than PostgreSQL's times.
 */
static bool
read_fraction(Scanner *s, Fields *f)
{
	int			digits = 0;

	for (; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++, digits++)
	{
		if (digits < 6)
			f->microsecond = f->microsecond * 10 + (*s->p - '0');
	}
	for (int i = digits; i < 6; i++)
		f->microsecond *= 10;
	return digits > 0;
}

/*
 * Read AM or PM, if it is there.
 */
static bool
read_half_day(Scanner *s, Fields *f)
{
	bool		afternoon;

	if (s->end - s->p < 2 || (ascii_strncasecmp(s->p, "AM", 2) != 0 && ascii_strncasecmp(s->p, "PM", 2) != 0))
		return true;
	if (f->hour < 1 || f->hour > 12)
		return false;
	afternoon = (*s->p == 'P' || *s->p == 'p');
	/* elsewhere they are in small letters, if they are used at all */
	f->by_half_days = s->p[1] == 'M';
	f->hour = f->hour % 12 + (afternoon ? 12 : 0);
	s->p += 2;
	skip_blanks(s);
	return true;
}

/*
 * Read the zone, if there is one: Z, UTC, GMT or an offset.
 */
static bool
read_zone(Scanner *s, Fields *f)
{
	bool		west;
	int			hours;
	int			minutes = 0;

	if (s->p == s->end || accept(s, 'Z') || accept(s, 'z'))
		return true;
	if (s->end - s->p >= 3 && (ascii_strncasecmp(s->p, "UTC", 3) == 0 || ascii_strncasecmp(s->p, "GMT", 3) == 0))
	{
		s->p += 3;
		return true;
	}
	west = (*s->p == '-');
	if (!accept(s, '+') && !accept(s, '-'))
		return false;
	if (!read_number(s, 2, 2, &hours))
		return false;
	if ((accept(s, ':') || s->p < s->end) && !read_number(s, 2, 2, &minutes))
		return false;
	if (hours > 15 || minutes > 59)
		return false;
	f->offset = (west ? -1 : 1) * (hours * 60 + minutes);
	return true;
}

/*
 * Read the time of day and what follows it.
 */
static bool
read_time_of_day(Scanner *s, Fields *f)
{
	if (!read_number(s, 1, 2, &f->hour) || !accept(s, ':') ||
		!read_number(s, 2, 2, &f->minute))
		return false;
	if (accept(s, ':'))
	{
		if (!read_number(s, 2, 2, &f->second))
			return false;
		if (accept(s, '.') && !read_fraction(s, f))
			return false;
	}
	skip_blanks(s);
	return read_half_day(s, f) && read_zone(s, f);
}

/*
 * The number of days of a month.
 */
static int
days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool		leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/*
 * Do these exist?
 */
static bool
are_valid(const Fields *f)
{
	return f->year >= 1 && f->year <= 9999 &&
		f->month >= 1 && f->month <= 12 &&
		f->day >= 1 && f->day <= days_in_month(f->year, f->month) &&
		f->hour <= 23 && f->minute <= 59 && f->second <= 59;
}

/*
 * Days since 1970-01-01 in the Gregorian calendar, counted in years that start
 * in March, so that the leap day comes last.
 */
static int64_t
days_since_1970(int year, int month, int day)
{
	int64_t		y = month <= 2 ? year - 1 : year;
	int64_t		m = month <= 2 ? month + 9 : month - 3;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

/*
 * The inverse of days_since_1970(), from the year 0 on.
 */
static void
date_of_day(int64_t days, int *year, int *month, int *day)
{
	int64_t		z = days + 719468;
	int64_t		era = z / 146097;
	int64_t		doe = z % 146097;
	int64_t		yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t		doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t		m = (5 * doy + 2) / 153;

	*day = (int) (doy - (153 * m + 2) / 5 + 1);
	*month = (int) (m < 10 ? m + 3 : m - 9);
	*year = (int) (yoe + era * 400 + (*month <= 2 ? 1 : 0));
}

/*
 * The time that these are; false if there is none.
 */
static bool
time_of_fields(const Fields *f, int64_t *time)
{
	int64_t		seconds;

	if (!are_valid(f))
		return false;
	seconds = days_since_1970(f->year, f->month, f->day) * 86400 +
		f->hour * 3600 + f->minute * 60 + f->second - f->offset * 60;
	*time = seconds * 1000000 + f->microsecond;
	/* an offset may lead out of the years that format_time() can write */
	return *time >= days_since_1970(1, 1, 1) * MICROSECONDS_PER_DAY &&
		*time < days_since_1970(10000, 1, 1) * MICROSECONDS_PER_DAY;
}

/*
 * Read a date and what follows it.
 */
static bool
read_fields(Scanner *s, Fields *f)
{
	skip_blanks(s);
	if (!read_date(s, f))
		return false;
	if (s->p < s->end)
	{
		(void) (accept(s, 'T') || accept(s, 't') || accept(s, ','));
		skip_blanks(s);
		if (!read_time_of_day(s, f))
			return false;
		skip_blanks(s);
	}
	return s->p == s->end;
}

/*
 * Parse a time in any of the forms above; false if it is none.
 */
bool
parse_time(const char *text, size_t length, TimeReadings *readings)
{
	Scanner		s = {text, &text[length]};
	Fields		f = {0};
	int			first;

	memset(readings, 0, sizeof(*readings));
	if (!read_fields(&s, &f))
		return false;
	readings->by_slashes = f.by_slashes;
	readings->by_half_days = f.by_half_days;
	readings->has_month_first = time_of_fields(&f, &readings->month_first);
	if (f.by_slashes)
	{
		first = f.month;
		f.month = f.day;
		f.day = first;
	}
	readings->has_day_first = time_of_fields(&f, &readings->day_first);
	return readings->has_month_first || readings->has_day_first;
}

/*
 * The day of a time, in days since 1970-01-01.
 */
int64_t
day_of_time(int64_t time)
{
	int64_t		day = time / MICROSECONDS_PER_DAY;

	return time % MICROSECONDS_PER_DAY < 0 ? day - 1 : day;
}

/*
 * Write a day as PostgreSQL reads it whatever DateStyle is.
 */
void
format_day(int64_t day, char text[TIME_TEXT_LENGTH])
{
	int			year;
	int			month;
	int			day_of_month;

	date_of_day(day, &year, &month, &day_of_month);
	snprintf(text, TIME_TEXT_LENGTH, "%04d-%02d-%02d",
			 year % 10000, month % 100, day_of_month % 100);
}

/*
 * Write so many decimal digits.
 */
static char *
write_digits(char *p, int64_t value, int digits)
{
	for (int i = digits - 1; i >= 0; i--, value /= 10)
		p[i] = (char) ('0' + value % 10);
	return p + digits;
}

/*
 * Write a time as PostgreSQL reads it whatever TimeZone and DateStyle are.
 */
void
format_time(int64_t time, char text[TIME_TEXT_LENGTH])
{
	int64_t		day = day_of_time(time);
	int64_t		rest = time - day * MICROSECONDS_PER_DAY;
	char	   *p = text;
	int			year;
	int			month;
	int			day_of_month;

	date_of_day(day, &year, &month, &day_of_month);
	p = write_digits(p, year, 4);
	*p++ = '-';
	p = write_digits(p, month, 2);
	*p++ = '-';
	p = write_digits(p, day_of_month, 2);
	*p++ = ' ';
	p = write_digits(p, rest / INT64_C(3600000000), 2);
	*p++ = ':';
	p = write_digits(p, rest / 60000000 % 60, 2);
	*p++ = ':';
	p = write_digits(p, rest / 1000000 % 60, 2);
	*p++ = '.';
	p = write_digits(p, rest % 1000000, 6);
	memcpy(p, "+00", 4);
}
