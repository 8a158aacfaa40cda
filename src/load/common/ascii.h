/*-------------------------------------------------------------------------
 *
 * ascii.h
 *	  Strings compared ignoring the case of ASCII letters.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_ASCII_H
#define LOAD_ASCII_H

#include <stddef.h>

/*
 * An ASCII letter in lower case, anything else as it is.
 */
static inline unsigned char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/*
 * As strncasecmp() in the C locale.  That of a Turkish user takes I and i for
 * different letters, and names of columns are no words of any language.
 */
static inline int
ascii_strncasecmp(const char *a, const char *b, size_t length)
{
	for (size_t i = 0; i < length; i++)
	{
		int			difference = ascii_lower(a[i]) - ascii_lower(b[i]);

		if (difference != 0 || a[i] == '\0')
			return difference;
	}
	return 0;
}

/*
 * As strcasecmp() in the C locale.
 */
static inline int
ascii_strcasecmp(const char *a, const char *b)
{
	return ascii_strncasecmp(a, b, (size_t) -1);
}

#endif							/* LOAD_ASCII_H */
