/*-------------------------------------------------------------------------
 *
 * errors.c
 *	  The errors of a query, all of them, in the order of their places.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <string.h>

#include "errors.h"

#define LONGEST_NEAR_NAME	63

/*
 * Take out of a message what formats with a precision left of characters that
 * they cut in two.
 */
static void
remove_cut_characters(char *message)
{
	char	   *to = message;

	for (const char *from = message; *from != '\0';)
	{
		unsigned char first = (unsigned char) *from;
		int			wanted = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
		int			length = 1;

		while (length < wanted && ((unsigned char) from[length] & 0xC0) == 0x80)
			length++;
		if (length == wanted)
		{
			memmove(to, from, length);
			to += length;
		}
		from += length;
	}
	*to = '\0';
}

/*
 * Add an error, unless there is the same one at that place, and return it.
 */
KqlError *
add_error(Errors *errors, int offset, const char *format,...)
{
	KqlError   *error = arena_alloc(errors->arena, sizeof(KqlError));
	KqlError  **place = &errors->first;
	char	   *message;
	va_list		arguments;

	va_start(arguments, format);
	message = arena_vprintf(errors->arena, format, arguments);
	va_end(arguments);
	remove_cut_characters(message);
	error->message = message;
	error->offset = offset;

	while (*place != NULL && (*place)->offset <= offset)
	{
		if ((*place)->offset == offset &&
			strcmp((*place)->message, error->message) == 0)
			return error;
		place = &(*place)->next;
	}
	if (errors->count >= MAX_ERRORS)
		return error;
	errors->count++;
	error->next = *place;
	*place = error;
	return error;
}

/*
 * Tell lines and columns, which count characters.
 */
void
locate_errors(Errors *errors)
{
	int			offset = 0;
	int			line = 1;
	int			column = 1;

	for (KqlError *error = errors->first; error != NULL; error = error->next)
	{
		for (; offset < error->offset; offset++)
		{
			unsigned char c = (unsigned char) errors->query[offset];

			if (c == '\n')
			{
				line++;
				column = 1;
			}
			else if ((c & 0xC0) != 0x80)
				column++;
		}
		error->line = line;
		error->column = column;
	}
}

/*
 * How many edits make one name of the other, ignoring case?
 */
static int
edit_distance(const char *a, const char *b)
{
	int			row[LONGEST_NEAR_NAME + 1];
	int			length = (int) strlen(b);

	for (int j = 0; j <= length; j++)
		row[j] = j;
	for (int i = 1; a[i - 1] != '\0'; i++)
	{
		int			diagonal = row[0];

		row[0] = i;
		for (int j = 1; j <= length; j++)
		{
			int			above = row[j];
			bool		same = tolower((unsigned char) a[i - 1]) ==
			tolower((unsigned char) b[j - 1]);
			int			best = diagonal + (same ? 0 : 1);

			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			diagonal = above;
		}
	}
	return row[length];
}

/*
 * The name that is most like this one, or NULL if none is near.
 */
const char *
nearest_name(const char *name, const Vector *candidates)
{
	const char *nearest = NULL;

	/* one letter in three to ten is a slip; more make another name */
	int			least = ((int) strlen(name) + 5) / 8 + 1;

	if (strlen(name) > LONGEST_NEAR_NAME)
		return NULL;
	for (int i = 0; i < candidates->count; i++)
	{
		const char *candidate = candidates->items[i];
		int			distance;

		if (strlen(candidate) > LONGEST_NEAR_NAME)
			continue;
		distance = edit_distance(name, candidate);
		if (distance < least)
		{
			least = distance;
			nearest = candidate;
		}
	}
	return nearest;
}
