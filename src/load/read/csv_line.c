/*-------------------------------------------------------------------------
 *
 * csv_line.c
 *	  One record of CSV, and its cells.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "read/csv_line.h"

#include <stdlib.h>
#include <string.h>

/*
 * The length of the record that starts so many bytes ahead, without the end of its
 * last line; *quoted if the file ends in a value in quotes.  False if the file
 * ends before the line does.
 *
 * A quote opens a value at its start only; elsewhere, split_csv_record() objects
 * to it.
 */
bool
scan_csv_record(Input *input, char separator, size_t start, size_t *length, bool *quoted)
{
	bool		at_start = true;
	size_t		index = start;
	int			c;

	*quoted = false;
	while ((c = input_peek(input, index)) != -1)
	{
		bool		counts = c == '"' && (*quoted || at_start);

		if (counts)
			*quoted = !*quoted;
		else if (c == '\n' && !*quoted)
			break;
		/* a quote that is doubled closes the value and opens it again */
		at_start = !*quoted && (c == separator || counts);
		index++;
	}
	*length = index - start;
	return c != -1;
}

/*
 * Add a cell; one without a value is null, as KQL's empty string is here.
 */
static void
add_cell(Cells *cells, const char *text, size_t length)
{
	Value	   *value;

	if (cells->count == cells->size)
	{
		cells->size = cells->size > 0 ? cells->size * 2 : 64;
		cells->values = load_realloc(cells->values, cells->size * sizeof(Value));
	}
	value = &cells->values[cells->count++];
	memset(value, 0, sizeof(*value));
	value->kind = length > 0 ? VALUE_STRING : VALUE_NULL;
	value->text = text;
	value->length = length;
}

/*
 * Take a cell in quotes that starts at p; returns where it ends.
 */
static const char *
split_quoted(Cells *cells, const char *p, const char *end)
{
	size_t		start = cells->text.length;

	p++;
	for (;;)
	{
		const char *quote = memchr(p, '"', (size_t) (end - p));

		if (quote == NULL)
			quote = end;
		buffer_append(&cells->text, p, (size_t) (quote - p));
		p = quote;
		if (p + 1 >= end || p[1] != '"')
			break;
		buffer_append_byte(&cells->text, '"');
		p += 2;
	}
	/* the buffer has room for the whole record, so it has not moved */
	add_cell(cells, cells->text.data + start, cells->text.length - start);
	return p < end ? p + 1 : end;
}

/*
 * Split a record into its cells.
 */
bool
split_csv_record(Cells *cells, const char *text, size_t length)
{
	const char *end = &text[length];
	const char *p = text;

	if (length > 0 && end[-1] == '\r')
		end--;
	cells->count = 0;
	cells->text.length = 0;
	buffer_reserve(&cells->text, length + 1);
	for (;;)
	{
		const char *start = p;

		if (p < end && *p == '"')
			p = split_quoted(cells, p, end);
		else
		{
			while (p < end && *p != cells->separator && *p != '"')
				p++;
			add_cell(cells, start, (size_t) (p - start));
		}
		if (p == end)
			return true;
		if (*p != cells->separator)
		{
			cells->problem = "quotes must enclose the whole value, and be doubled within it";
			cells->problem_at = (size_t) (p - text);
			return false;
		}
		p++;
	}
}

/*
 * Give all memory back.
 */
void
cells_free(Cells *cells)
{
	free(cells->values);
	buffer_free(&cells->text);
}
