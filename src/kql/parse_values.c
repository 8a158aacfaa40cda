/*-------------------------------------------------------------------------
 *
 * parse_values.c
 *	  Numbers, times and timespans from the text that Kusto reads them from.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "values.h"

/* The longest text that can be a value */
#define LONGEST_VALUE	512

/*
 * A copy with a terminator, without the space around it.
 *
 * False if that cannot be a value.
 */
static bool
copy_value(KqlString s, char *buffer)
{
	while (s.length > 0 && isspace((unsigned char) s.data[0]))
	{
		s.data++;
		s.length--;
	}
	while (s.length > 0 && isspace((unsigned char) s.data[s.length - 1]))
		s.length--;
	if (s.length == 0 || s.length >= LONGEST_VALUE ||
		memchr(s.data, '\0', s.length) != NULL)
		return false;
	memcpy(buffer, s.data, s.length);
	buffer[s.length] = '\0';
	return true;
}

/*
 * Hexadecimal digits, up to sixteen, as the bits of a long.
 */
static bool
parse_hexadecimal(const char *p, int64_t *result)
{
	uint64_t	value = 0;
	int			count = 0;

	for (; *p != '\0'; p++, count++)
	{
		int			c = tolower((unsigned char) *p);

		if (!isxdigit(c) || count == 16)
			return false;
		value = value << 4 | (uint64_t) (isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	*result = (int64_t) value;
	return count > 0;
}

/*
 * tolong() of a text: false where that is null.
 */
bool
kql_parse_long(KqlString s, int64_t *result)
{
	char		buffer[LONGEST_VALUE];
	const char *p = buffer;
	bool		negative;
	uint64_t	value = 0;

	if (!copy_value(s, buffer))
		return false;
	if (p[0] == '0' && tolower((unsigned char) p[1]) == 'x')
		return parse_hexadecimal(p + 2, result);
	negative = *p == '-';
	if (*p == '-' || *p == '+')
		p++;
	if (*p == '\0')
		return false;
	for (; *p != '\0'; p++)
	{
		unsigned	digit = (unsigned) (*p - '0');

		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (value > (uint64_t) INT64_MAX + (negative ? 1 : 0))
		return false;
	*result = (int64_t) (negative ? 0 - value : value);
	return true;
}

/*
 * Are there digits, perhaps with a point and an exponent, and nothing else?
 */
static bool
is_decimal(const char *p)
{
	int			digits = 0;

	for (; isdigit((unsigned char) *p); p++)
		digits++;
	if (*p == '.')
		p++;
	for (; isdigit((unsigned char) *p); p++)
		digits++;
	if (digits == 0)
		return false;
	if (*p == 'e' || *p == 'E')
	{
		p++;
		if (*p == '-' || *p == '+')
			p++;
		if (!isdigit((unsigned char) *p))
			return false;
		while (isdigit((unsigned char) *p))
			p++;
	}
	return *p == '\0';
}

/*
 * todouble() of a text: false where that is null.
 */
bool
kql_parse_real(KqlString s, double *result)
{
	char		buffer[LONGEST_VALUE];
	const char *p = buffer;
	bool		negative;

	if (!copy_value(s, buffer))
		return false;
	negative = *p == '-';
	if (*p == '-' || *p == '+')
		p++;
	if (strcmp(p, "inf") == 0 || strcmp(p, "Inf") == 0 ||
		strcmp(p, "Infinity") == 0 || strcmp(p, "infinity") == 0)
		*result = INFINITY;
	else if (p == buffer && tolower((unsigned char) p[0]) == 'n' &&
			 tolower((unsigned char) p[1]) == 'a' &&
			 tolower((unsigned char) p[2]) == 'n' && p[3] == '\0')
		*result = NAN;
	else if (is_decimal(p))
		*result = strtod(p, NULL);
	else
		return false;
	if (negative)
		*result = -*result;
	return true;
}

/*
 * A decimal number, in digits that PostgreSQL's numeric takes; false if it is none.
 */
bool
kql_parse_decimal(KqlString s, KqlString *digits)
{
	double		real;

	if (!kql_parse_real(s, &real) || isnan(real) || isinf(real))
		return false;
	*digits = s;
	/* numeric has an error for exponents far below those of real */
	if (real == 0 && (memchr(s.data, 'e', s.length) != NULL || memchr(s.data, 'E', s.length) != NULL))
		*digits = kql_string("0", 1);
	return true;
}

/*
 * Is the text this word, ignoring the case of ASCII?
 */
static bool
is_text(KqlString s, const char *word)
{
	if (s.length != strlen(word))
		return false;
	for (size_t i = 0; i < s.length; i++)
	{
		if (tolower((unsigned char) s.data[i]) != word[i])
			return false;
	}
	return true;
}

/*
 * tobool() of a text: false where that is null.
 */
bool
kql_parse_bool(KqlString s, bool *result)
{
	int64_t		number;

	*result = is_text(s, "true");
	if (*result || is_text(s, "false"))
		return true;
	if (s.length == 0 || isspace((unsigned char) s.data[0]) ||
		isspace((unsigned char) s.data[s.length - 1]) ||
		!kql_parse_long(s, &number))
		return false;
	*result = number != 0;
	return true;
}

/*
 * toguid() of a text: false where that is null.  The result has 36 characters.
 */
bool
kql_parse_guid(KqlString s, char *result)
{
	char		buffer[LONGEST_VALUE];
	char	   *p = buffer;
	size_t		length;
	int			digits = 0;

	if (!copy_value(s, buffer))
		return false;
	length = strlen(p);
	if ((p[0] == '{' && p[length - 1] == '}') || (p[0] == '(' && p[length - 1] == ')'))
	{
		p[length - 1] = '\0';
		p++;
		length -= 2;
	}
	if (length != 36 && length != 32)
		return false;
	for (; *p != '\0'; p++)
	{
		bool		is_dash = length == 36 && (digits == 8 || digits == 12 ||
											   digits == 16 || digits == 20) &&
		result[-1] != '-';

		if (is_dash)
		{
			if (*p != '-')
				return false;
			*result++ = '-';
			continue;
		}
		if (!isxdigit((unsigned char) *p))
			return false;
		if (length == 32 && (digits == 8 || digits == 12 || digits == 16 || digits == 20))
			*result++ = '-';
		*result++ = (char) tolower((unsigned char) *p);
		digits++;
	}
	*result = '\0';
	return digits == 32;
}
