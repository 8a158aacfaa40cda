/*-------------------------------------------------------------------------
 *
 * csv_header.c
 *	  The line of CSV that names the columns, and what separates them.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
/*
 * Azure writes commas, and the names come first.  A spreadsheet may have written
 * the file anew with semicolons or tabs, or say so in a line "sep=;"; Export-Csv of
 * PowerShell has "#TYPE ..." before the names.  The line of the names is known by
 * the column that every log has, its time.
 */
#include "read/csv_header.h"

#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"
#include "common/utf8.h"

/* so many lines may be before the names, empty ones apart */
#define MAX_STRAY_LINES	2

#define MAX_HEADER_LENGTH	((size_t) 1024 * 1024)

static const struct
{
	char		separator;
	const char *name;
}			separators[] =

{
	{',', "commas"},
	{';', "semicolons"},
	{'\t', "tabs"},
	{'|', "bars"},
	{'\0', NULL}
};

/*
 * What separators are called; NULL for a character that is none.
 */
static const char *
name_of_separator(char separator)
{
	for (size_t i = 0; separators[i].name != NULL; i++)
	{
		if (separators[i].separator == separator)
			return separators[i].name;
	}
	return NULL;
}

/*
 * The name of a time in the browser's zone, or NULL.
 */
static const char *
local_time_of(const Header *header)
{
	for (size_t i = 0; i < header->nnames; i++)
	{
		const char *name = header->names[i];

		/* of several names that were taken for one, the zone is not the end */
		if (ascii_strncasecmp(name, "TimeGenerated [", 15) == 0 && strchr(name, ']') == name + strlen(name) - 1)
			return name;
	}
	return NULL;
}

/*
 * What else than a log has these columns, and how to get that, or NULL.
 */
static const char *
describe_other(const Header *header)
{
	if (header_has_name(header, "Operation name") && header_has_name(header, "Event initiated by"))
		return "file is what the portal's page Activity log exports, which has operations by their names for people only;"
			" get the log with: az monitor activity-log list --offset 90d --max-events 1000000 --output json";
	if (header_has_name(header, "Request ID") && header_has_name(header, "Authentication method"))
		return "file has the steps of sign-ins, not where they came from; download the sign-ins,"
			" whose file is called InteractiveSignIns_... without AuthDetails";
	return NULL;
}

/*
 * Do these names stand for columns of anything that is known?
 */
static bool
is_header(const Header *header)
{
	return header_has_time(header) || local_time_of(header) != NULL || describe_other(header) != NULL;
}

/*
 * Say what is wrong with the names of the columns, or NULL.
 */
static char *
check_header(const Header *header)
{
	const char *local = local_time_of(header);

	if (local != NULL)
		return load_printf("the times are local ones (\"%s\"); export with times in UTC", local);
	if (!header_has_time(header))
		return load_strdup(describe_other(header));
	/* the Entra portal itself has a column twice */
	return header_problem(header, header_is_of_portal(header));
}

/*
 * Take the cells of a line for names.
 */
static void
build_header(Header *header, const Cells *cells)
{
	header_free(header);
	header->separator = cells->separator;
	header->names = load_calloc(cells->count, sizeof(char *));
	for (size_t i = 0; i < cells->count; i++)
		header->names[header->nnames++] = header_name(cells->values[i].text, cells->values[i].length);
	header_name_all(header);
}

/*
 * Does the line that starts so many bytes ahead name columns, with this separator?
 */
static bool
try_separator(Input *input, Cells *cells, Header *header, size_t start, char separator, size_t *length, bool *ended)
{
	bool		quoted;

	cells->separator = separator;
	*ended = scan_csv_record(input, separator, start, length, &quoted);
	if (quoted || *length > MAX_HEADER_LENGTH || !is_utf8(input_text(input) + start, *length) ||
		!split_csv_record(cells, input_text(input) + start, *length))
		return false;
	build_header(header, cells);
	return is_header(header);
}

/*
 * Does the line that starts so many bytes ahead name columns?  *said is the
 * separator that the file has told, or zero.
 */
static bool
try_line(Input *input, Cells *cells, Header *header, size_t start, char said, size_t *length, bool *ended)
{
	if (said != '\0')
		return try_separator(input, cells, header, start, said, length, ended);
	for (size_t i = 0; separators[i].name != NULL; i++)
	{
		if (try_separator(input, cells, header, start, separators[i].separator, length, ended))
			return true;
	}
	return false;
}

/*
 * The length of the line that starts so many bytes ahead, without its end; false
 * if the file ends before, or the line is too long to be one of names.
 */
static bool
line_length(Input *input, size_t start, size_t *length)
{
	size_t		index = start;
	int			c;

	while ((c = input_peek(input, index)) != '\n' && c != -1 && index - start <= MAX_HEADER_LENGTH)
		index++;
	*length = index - start;
	return c == '\n';
}

/*
 * The separator that a line "sep=;" says, or zero.
 */
static char
said_separator(const char *line, size_t length)
{
	if (length > 0 && line[length - 1] == '\r')
		length--;
	/* a spreadsheet may have put it into quotes, as any other line */
	if (length == 7 && line[0] == '"' && line[6] == '"')
		return said_separator(line + 1, 5);
	if (length != 5 || ascii_strncasecmp(line, "sep=", 4) != 0 || name_of_separator(line[4]) == NULL)
		return '\0';
	return line[4];
}

/*
 * Tell what was taken for granted.
 */
static void
tell_dialect(Reader *reader, const Cells *cells, int stray)
{
	char	   *message;

	if (cells->separator == ',' && stray == 0)
		return;
	message = load_printf("taken for CSV with %s between its values%s", name_of_separator(cells->separator),
						  stray == 0 ? "" : stray == 1 ? ", after a line that names no columns" :
						  ", after lines that name no columns");
	reader->sink->warn(reader->sink, message);
	free(message);
}

/*
 * Find the line that names the columns, and how many bytes it and those before it
 * have; false if there is none.
 */
static bool
find_header(Reader *reader, Cells *cells, Header *header, size_t *end, bool *ended)
{
	Input	   *input = reader->input;
	char		said = '\0';
	size_t		start = 0;
	size_t		length;

	for (int stray = 0; stray <= MAX_STRAY_LINES;)
	{
		bool		has_end = line_length(input, start, &length);
		char		separator = start == 0 ? said_separator(input_text(input), length) : '\0';
		bool		empty = length == 0 || (length == 1 && input_text(input)[start] == '\r');

		if (separator != '\0')
			said = separator;
		else if (!empty && try_line(input, cells, header, start, said, &length, ended))
		{
			*end = start + length;
			tell_dialect(reader, cells, stray);
			return true;
		}
		else if (!empty)
			stray++;
		if (!has_end)
			return false;
		/* where a value in quotes was tried, the line is not what was read */
		(void) line_length(input, start, &length);
		start += length + 1;
	}
	return false;
}

/*
 * Read up to the names of the columns.
 */
bool
read_csv_header(Reader *reader, Cells *cells, Header *header)
{
	Input	   *input = reader->input;
	size_t		end;
	bool		ended = false;
	char	   *problem;

	if (!find_header(reader, cells, header, &end, &ended))
	{
		if (input->failed)
			return false;
		return reader_fail(reader, 0, load_strdup("file is no Azure log: it has no column TimeGenerated, as the result of a summarize has not: export all columns; "
												  EXPECTED_SHAPES));
	}
	problem = check_header(header);
	if (problem != NULL)
		return reader_fail(reader, 0, problem);
	if (!ended)
		return reader_leave(reader, "the line of the columns' names has no end yet, which is a newline");
	input_consume(input, end);
	return true;
}
