/*-------------------------------------------------------------------------
 *
 * json_reader.c
 *	  Records out of JSON: lines, arrays, envelopes and answers of queries.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "read/json_reader.h"

#include <stdlib.h>

#include "read/json_scan.h"
#include "read/json_tree.h"

/* arrays within arrays and envelopes that may lie around the records */
#define MAX_CONTAINERS	8

/* bytes that may be read in vain while looking for the end of broken records */
#define MAX_WASTED	((size_t) 256 * 1024 * 1024)

static bool read_item(Reader *reader, int level);

/*
 * Leave white space behind; returns the byte after it, or -1.
 */
static int
consume_space(Input *input)
{
	int			c;

	while ((c = input_peek(input, 0)) == ' ' || c == '\t' || c == '\n' || c == '\r')
		input_consume(input, 1);
	return c;
}

/*
 * Parse a value in place of the one before.
 */
static bool
parse_next(Reader *reader, const char *text, size_t length, char **error, size_t *error_at)
{
	trim_json_trees();
	return json_text_parse(&reader->json, text, length, error, error_at);
}

/*
 * Parse and hand on an object of so many bytes.
 */
static bool
take_object(Reader *reader, size_t length)
{
	Record		record;
	char	   *error;
	size_t		error_at;

	if (!parse_next(reader, input_text(reader->input), length, &error, &error_at))
	{
		reader->unsure = true;
		return reader_refuse(reader, length, error_at, error);
	}
	record = record_of_object(&reader->json);
	return reader_take(reader, &record, length);
}

/*
 * Refuse what cannot be a record, up to the end of the line on which it starts.
 */
static bool
refuse_line(Reader *reader, size_t error_at, const char *reason)
{
	Input	   *input = reader->input;
	size_t		length = 0;
	int			c;

	while ((c = input_peek(input, length)) != '\n' && c != -1)
		length++;
	if (c == -1)
		return reader_leave(reader, "the last line is no record, and has no end yet, which is a newline");
	reader->wasted += error_at;
	if (reader->wasted > MAX_WASTED)
		return reader_fail(reader, 0, load_strdup("too much of the file is broken"));
	return reader_refuse(reader, length, error_at, load_strdup(reason));
}

/*
 * The object that is next has no regular end; find out how bad it is.
 */
static bool
read_broken_object(Reader *reader, int level)
{
	Input	   *input = reader->input;
	size_t		index = 0;

	switch (scan_container(input, &index, level == 0))
	{
		case SCAN_OK:
			return take_object(reader, index);
		case SCAN_END:
			if (input->failed)
				return false;
			if (level == 0)
				return reader_leave(reader, "the record that starts here has no end yet");
			break;
		case SCAN_BROKEN:
			break;
	}
	if (level == 0)
		return refuse_line(reader, index, "JSON object has no end on its line");
	return reader_fail(reader, index,
					   load_printf("file ends within the record that starts at %lld:%lld",
								   (long long) input->position.line, (long long) input->position.column));
}

/*
 * Say that something else is next than a comma or closing bracket.
 *
 * If the record before was no JSON, its brackets may not match; then nothing
 * tells where the next one starts.
 */
static bool
fail_at_separator(Reader *reader, int c, char closing)
{
	if (reader->input->failed)
		return false;
	if (reader->unsure)
		return reader_fail(reader, 0, load_strdup("the record before this is broken, so it is not known where the next one starts"));
	if (c == -1)
		return reader_fail(reader, 0, load_printf("file ends where \",\" or \"%c\" is expected", closing));
	return reader_fail(reader, 0, load_printf("expected \",\" or \"%c\"", closing));
}

/*
 * Read a comma, and report that there was one, or the closing bracket.
 */
static bool
read_separator(Reader *reader, char closing, bool *more)
{
	int			c = consume_space(reader->input);

	if (c != ',' && c != closing)
		return fail_at_separator(reader, c, closing);
	reader->unsure = false;
	input_consume(reader->input, 1);
	*more = (c == ',');
	return true;
}

/*
 * Read what is next, which must be this byte.
 */
static bool
read_byte(Reader *reader, char expected)
{
	if (consume_space(reader->input) != expected)
		return reader_fail(reader, 0, load_printf("expected \"%c\"", expected));
	input_consume(reader->input, 1);
	return true;
}

/*
 * Is the array or object empty whose opening bracket was just read?
 */
static bool
read_if_empty(Reader *reader, char closing)
{
	if (consume_space(reader->input) != closing)
		return false;
	input_consume(reader->input, 1);
	return true;
}

/*
 * Read an array of items.
 */
static bool
read_array(Reader *reader, int level)
{
	bool		more = true;

	if (!read_byte(reader, '['))
		return false;
	if (level >= MAX_CONTAINERS)
		return reader_fail(reader, 0, load_strdup("records are too many arrays deep"));
	if (read_if_empty(reader, ']'))
		return true;
	while (more)
	{
		(void) consume_space(reader->input);
		if (!read_item(reader, level + 1) || !read_separator(reader, ']', &more))
			return false;
	}
	return true;
}

/*
 * A copy of a string in an object, or of something else if there is none.
 */
static char *
string_member(const JsonText *json, const char *name, const char *otherwise)
{
	const json_t *node = json_object_get(json->root, name);
	Value		value = {0};

	if (node != NULL)
		value = json_value(json, node);
	if (value.kind != VALUE_STRING)
		return load_strdup(otherwise);
	return load_strndup(value.text, value.length);
}

/*
 * Tell of the error that a query's answer brings along.
 */
static void
warn_of_error(Reader *reader, size_t start, size_t length)
{
	char	   *error;
	size_t		error_at;
	char	   *code;
	char	   *reason;
	char	   *message;

	if (!parse_next(reader, input_text(reader->input) + start, length, &error, &error_at))
	{
		free(error);
		return;
	}
	code = string_member(&reader->json, "code", "error");
	reason = string_member(&reader->json, "message", "no reason given");
	message = load_printf("the query's answer is not complete: %s: %s", code, reason);
	reader->sink->warn(reader->sink, message);
	free(code);
	free(reason);
	free(message);
}

/*
 * Tell that the list has more than the file.
 */
static void
warn_of_pages(Reader *reader)
{
	reader->sink->warn(reader->sink, "the list has another page, whose address is in @odata.nextLink or nextLink;"
					   " fetch it with az rest --method get --url ADDRESS, and load it, too");
}

/*
 * Is the value so many bytes ahead another array of records, as those that were read?
 */
static bool
has_more_records(Input *input, Span name, size_t value)
{
	int			c;

	if (!name_is(input, name, "records") && !name_is(input, name, "value") && !name_is(input, name, "tables"))
		return false;
	if (input_peek(input, value) != '[')
		return false;
	value++;
	c = skip_space(input, &value);
	return c == '{' || c == '[';
}

/*
 * Read the rest of the members of an object, after a value.
 */
static bool
read_siblings(Reader *reader)
{
	Input	   *input = reader->input;
	bool		more;

	while (read_separator(reader, '}', &more))
	{
		size_t		index = 0;
		size_t		start;
		Span		name;

		if (!more)
			return true;
		if (scan_name(input, &index, false, &name) != SCAN_OK)
			return reader_fail(reader, index, load_strdup("expected the name of a member"));
		start = index;
		if (has_more_records(input, name, start))
			return reader_fail(reader, start, load_strdup("the object has a second array of records; only one is expected"));
		if (scan_value(input, &index, false) != SCAN_OK)
			return reader_fail(reader, index, load_strdup("file ends within an object"));
		if (names_next_page(input, name, start))
			warn_of_pages(reader);
		if (name_is(input, name, "error"))
			warn_of_error(reader, start, index - start);
		input_consume(input, index);
	}
	return false;
}

/*
 * The columns of a table, from [{"name": ..., "type": ...}, ...].
 */
static void
build_header(Header *header, const JsonText *json)
{
	const json_t *columns = json->root;

	header_free(header);
	header->names = load_calloc(json_array_size(columns), sizeof(char *));
	for (size_t i = 0; i < json_array_size(columns); i++)
	{
		const json_t *column = json_array_get(columns, i);
		const json_t *name = json_object_get(column, "name");
		Value		value = {0};

		if (name == NULL)
			name = json_object_get(column, "ColumnName");
		if (name != NULL)
			value = json_value(json, name);
		header->names[header->nnames++] = value.kind == VALUE_STRING ?
			header_name(value.text, value.length) : load_strdup("");
	}
	header_name_all(header);
}

/*
 * Parse and hand on a row of so many bytes.
 */
static bool
take_row(Reader *reader, const Header *header, size_t length)
{
	Record		record;
	const json_t *row;
	Value	   *values;
	char	   *error;
	size_t		error_at;
	bool		result;

	if (!parse_next(reader, input_text(reader->input), length, &error, &error_at))
		return reader_refuse(reader, length, error_at, error);
	row = reader->json.root;
	if (json_array_size(row) != header->nnames)
		return reader_refuse(reader, length, 0,
							 load_printf("row has %zu values, but there are %zu columns",
										 json_array_size(row), header->nnames));
	values = load_calloc(header->nnames, sizeof(Value));
	for (size_t i = 0; i < header->nnames; i++)
		values[i] = json_value(&reader->json, json_array_get(row, i));
	record = record_of_values(RECORD_ARRAY, header, values);
	result = reader_take(reader, &record, length);
	free(values);
	return result;
}

/*
 * Read the rows of a table.
 */
static bool
read_rows(Reader *reader, const Header *header)
{
	bool		more = true;

	if (!read_byte(reader, '['))
		return false;
	if (read_if_empty(reader, ']'))
		return true;
	while (more)
	{
		size_t		index = 0;

		if (consume_space(reader->input) != '[')
			return reader_fail(reader, 0, load_strdup("expected a row, which is an array"));
		if (scan_value(reader->input, &index, false) != SCAN_OK)
			return reader_fail(reader, index, load_strdup("file ends within a row"));
		if (!take_row(reader, header, index) || !read_separator(reader, ']', &more))
			return false;
	}
	return true;
}

/*
 * Read the value of a member of a table, of which its columns and rows count.
 */
static bool
read_table_member(Reader *reader, Span name, size_t value, Header *header, bool first)
{
	Input	   *input = reader->input;
	bool		is_columns = name_is(input, name, "columns");
	bool		is_rows = name_is(input, name, "rows");
	size_t		index = 0;
	char	   *error;
	size_t		error_at;

	input_consume(input, value);
	if (is_rows && first && !header_has_time(header))
		return reader_fail(reader, 0, load_strdup("the query's answer has no column TimeGenerated before its rows; " EXPECTED_SHAPES));
	if (is_rows && header_has_time(header))
		return read_rows(reader, header);
	if (scan_value(input, &index, false) != SCAN_OK)
		return reader_fail(reader, index, load_strdup("file ends within a table"));
	if (is_columns)
	{
		if (!parse_next(reader, input_text(input), index, &error, &error_at))
			return reader_fail(reader, error_at, error);
		build_header(header, &reader->json);
		error = header_problem(header, false);
		if (error != NULL)
			return reader_fail(reader, 0, error);
	}
	input_consume(input, index);
	return true;
}

/*
 * Read one table of a query's answer.
 */
static bool
read_table(Reader *reader, bool first)
{
	Header		header = {0};
	bool		more = true;
	bool		done = false;

	if (!read_byte(reader, '{'))
		return false;
	if (read_if_empty(reader, '}'))
		return true;
	while (more)
	{
		size_t		index = 0;
		Span		name;

		if (scan_name(reader->input, &index, false, &name) != SCAN_OK)
		{
			done = reader_fail(reader, index, load_strdup("expected the name of a member"));
			break;
		}
		done = read_table_member(reader, name, index, &header, first) &&
			read_separator(reader, '}', &more);
		if (!done)
			break;
	}
	header_free(&header);
	return done;
}

/*
 * Read the tables of a query's answer.  Those after the first may be about the
 * query rather than of it.
 */
static bool
read_tables(Reader *reader)
{
	bool		more = true;
	bool		first = true;

	if (!read_byte(reader, '['))
		return false;
	if (read_if_empty(reader, ']'))
		return true;
	while (more)
	{
		if (!read_table(reader, first) || !read_separator(reader, ']', &more))
			return false;
		first = false;
	}
	return true;
}

/*
 * Read an object: a record, an envelope of records or a query's answer.
 */
static bool
read_object(Reader *reader, int level)
{
	Input	   *input = reader->input;
	size_t		index;
	Remarks		remarks = {0};
	Members		members = scan_members(input, &index, level == 0, &remarks);

	switch (members)
	{
		case MEMBERS_ALL:
			return take_object(reader, index);
		case MEMBERS_RECORDS:
			if (remarks.goes_on)
				warn_of_pages(reader);
			input_consume(input, index);
			return read_array(reader, level) && read_siblings(reader);
		case MEMBERS_TABLES:
			if (remarks.error.length > 0)
				warn_of_error(reader, remarks.error.start, remarks.error.length);
			input_consume(input, index);
			return read_tables(reader) && read_siblings(reader);
		default:
			if (input->failed)
				return false;
			return read_broken_object(reader, level);
	}
}

/*
 * Read what is next: an object or an array of items.
 */
static bool
read_item(Reader *reader, int level)
{
	size_t		index = 0;

	switch (input_peek(reader->input, 0))
	{
		case '{':
			return read_object(reader, level);
		case '[':
			return read_array(reader, level);
		default:
			if (level == 0 && input_peek(reader->input, 0) == '\0')
				return reader_fail(reader, 0, load_strdup("zero bytes instead of a record: the file was not written to its end"));
			if (level == 0)
				return refuse_line(reader, 0, "not a JSON object");
			if (scan_value(reader->input, &index, false) != SCAN_OK || index == 0)
				return reader_fail(reader, index, load_strdup("expected a JSON object"));
			return reader_refuse(reader, index, 0, load_strdup("not a JSON object"));
	}
}

/*
 * Read a file of JSON: items one after the other.
 */
bool
read_json(Reader *reader)
{
	if (!input_skip_to(reader->input, reader->resume_at))
		return false;
	while (consume_space(reader->input) != -1)
	{
		if (!read_item(reader, 0))
			return false;
	}
	return !reader->input->failed;
}
