/*-------------------------------------------------------------------------
 *
 * copy_error.c
 *	  The line of a COPY that the context of an error names.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
/*
 * The server tells the line only in the context, which is prose in the server's
 * language: "COPY signinlogs, line 7, column id: ...".  All languages have the
 * table's name first and the line after it.  But the name may hold digits and
 * commas itself, and the context may quote names and values of other people's
 * choice.  So every place is looked at that may be the one; the true one is
 * among them.  Where they don't agree, nothing is known.
 */
#include "write/copy_error.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
 * May a byte be part of a word in ASCII?
 */
static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/*
 * The first number after a name, on the same line; 0 if there is none.
 */
static long
number_after(const char *text)
{
	text += strcspn(text, "0123456789\n");
	return *text != '\0' && *text != '\n' ? strtol(text, NULL, 10) : 0;
}

/*
 * The line of a COPY to this relation, of so many lines, that an error is
 * about; 0 if that is not known.  The name is not quoted, as in the context.
 */
int
copy_error_line(const char *context, const char *relation, int nlines)
{
	size_t		length = strlen(relation);
	const char *place = context;
	long		found = 0;

	if (context == NULL || length == 0)
		return 0;
	while ((place = strstr(place, relation)) != NULL)
	{
		const char *end = place + length;
		long		line = number_after(end);
		bool		whole = (place == context || !is_word(place[-1])) && !is_word(*end);

		place++;
		if (!whole || line < 1 || line > nlines)
			continue;
		if (found != 0 && found != line)
			return 0;
		found = line;
	}
	return (int) found;
}
