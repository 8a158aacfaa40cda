/*-------------------------------------------------------------------------
 *
 * csv_reader.c
 *	  Records out of the CSV that the portal exports.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "read/csv_reader.h"

#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"
#include "common/utf8.h"
#include "read/json_tree.h"

/* The cells of one line, which may be several in the file. */
typedef struct Cells
{
	Value	   *values;
	size_t		count;
	size_t		size;
	Buffer		text;			/* of cells that had quotes */
	const char *problem;
	size_t		problem_at;
} Cells;

/*
 * The length of the record that is next, without the end of its last line;
 * *quoted if the file ends in a value in quotes.  False if the file ends before
 * the line does.
 *
 * A quote opens a value at its start only; elsewhere, split_record() objects to
 * it.
 */
static bool
scan_record(Input *input, size_t *length, bool *quoted)
{
	bool		at_start = true;
	size_t		index = 0;
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
		at_start = !*quoted && (c == ',' || counts);
		index++;
	}
	*length = index;
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
static bool
split_record(Cells *cells, const char *text, size_t length)
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
			while (p < end && *p != ',' && *p != '"')
				p++;
			add_cell(cells, start, (size_t) (p - start));
		}
		if (p == end)
			return true;
		if (*p != ',')
		{
			cells->problem = "quotes must enclose the whole value, and be doubled within it";
			cells->problem_at = (size_t) (p - text);
			return false;
		}
		p++;
	}
}

/*
 * Say what is wrong with the names of the columns, or NULL.
 */
static char *
check_header(const Header *header)
{
	for (size_t i = 0; i < header->nnames; i++)
	{
		const char *name = header->names[i];

		if (ascii_strncasecmp(name, "TimeGenerated [", 15) == 0)
			return load_printf("the times are local ones (\"%s\"); export with times in UTC", name);
		for (size_t j = 0; j < i; j++)
		{
			if (*name != '\0' && ascii_strcasecmp(name, header->names[j]) == 0)
				return load_printf("column \"%s\" occurs twice", name);
		}
	}
	if (!header_has_time(header))
		return load_strdup("file is no Azure log: it has no column TimeGenerated, as the result of a summarize has not; "
						   EXPECTED_SHAPES);
	return NULL;
}

/*
 * Read the first record, the names of the columns.
 */
static bool
read_header(Reader *reader, Cells *cells, Header *header)
{
	Input	   *input = reader->input;
	size_t		length;
	bool		quoted;
	bool		ended = scan_record(input, &length, &quoted);
	const char *text = input_text(input);
	char	   *problem = NULL;

	if (input->failed)
		return false;
	if (quoted || length > 1024 * 1024 || !is_utf8(text, length) || !split_record(cells, text, length))
		return reader_fail(reader, 0, load_strdup("file is no Azure log; " EXPECTED_SHAPES));
	header->names = load_calloc(cells->count, sizeof(char *));
	for (size_t i = 0; i < cells->count; i++)
		header->names[header->nnames++] = header_name(cells->values[i].text, cells->values[i].length);
	problem = check_header(header);
	if (problem != NULL)
		return reader_fail(reader, 0, problem);
	if (!ended)
		return reader_leave(reader, "the line of the columns' names has no end yet, which is a newline");
	input_consume(input, length);
	return true;
}

/*
 * Read one record.
 */
static bool
read_row(Reader *reader, Cells *cells, const Header *header)
{
	Input	   *input = reader->input;
	Record		record;
	size_t		length;
	bool		quoted;
	bool		ended = scan_record(input, &length, &quoted);

	if (input->failed)
		return false;
	if (!ended)
		return reader_leave(reader, quoted ? "the record that starts here ends within a value in quotes" :
							"the last line has no end yet, which is a newline");
	if (!is_utf8(input_text(input), length))
		return reader_refuse(reader, length, 0, load_strdup("invalid UTF-8, or a zero byte, which PostgreSQL cannot store"));
	if (!split_record(cells, input_text(input), length))
		return reader_refuse(reader, length, cells->problem_at, load_strdup(cells->problem));
	if (cells->count != header->nnames)
		return reader_refuse(reader, length, 0,
							 load_printf("record has %zu values, but there are %zu columns",
										 cells->count, header->nnames));
	record = record_of_values(RECORD_CSV, header, cells->values);
	trim_json_trees();
	return reader_take(reader, &record, length);
}

/*
 * Read a file of CSV.
 */
bool
read_csv(Reader *reader)
{
	Input	   *input = reader->input;
	Cells		cells = {0};
	Header		header = {0};
	bool		done = read_header(reader, &cells, &header) &&
	input_skip_to(input, reader->resume_at);
	int			c;

	while (done && (c = input_peek(input, 0)) != -1)
	{
		if (c == '\n' || (c == '\r' && input_peek(input, 1) == '\n'))
			input_consume(input, 1);
		else
			done = read_row(reader, &cells, &header);
	}
	free(cells.values);
	buffer_free(&cells.text);
	header_free(&header);
	return done && !input->failed;
}
