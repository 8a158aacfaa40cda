/*-------------------------------------------------------------------------
 *
 * records.c
 *	  Records out of a file, whatever the shape in which Azure wrote it.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "read/records.h"

#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"

/*
 * Reading cannot go on; the position is that of the byte so many after the
 * start of the input.
 */
bool
reader_fail(Reader *reader, size_t index, char *error)
{
	reader->error = error;
	reader->error_position = input_position(reader->input, index);
	return false;
}

/*
 * The file ends within the record that is next.  That may be because the rest is
 * not written yet, so the record is neither taken nor refused.
 */
bool
reader_leave(Reader *reader, const char *what)
{
	if (reader->input->failed)
		return false;
	reader->unfinished = true;
	return reader_fail(reader, 0, load_strdup(what));
}

/*
 * Hand a bad record of so many bytes to the sink, and go on after it.
 */
bool
reader_refuse(Reader *reader, size_t length, size_t error_at, char *reason)
{
	Position	position = input_position(reader->input, error_at);

	reader->stopped = !reader->sink->refuse(reader->sink, input_text(reader->input),
											length, position, reason);
	free(reason);
	input_consume(reader->input, length);
	return !reader->stopped;
}

/*
 * Hand a record of so many bytes to the sink, and go on after it.
 */
bool
reader_take(Reader *reader, Record *record, size_t length)
{
	record->text = input_text(reader->input);
	record->length = length;
	record->position = reader->input->position;
	reader->stopped = !reader->sink->take(reader->sink, record);
	input_consume(reader->input, length);
	return !reader->stopped;
}

/*
 * A node of a tree as the value of a field.
 */
Value
json_value(const JsonText *json, const json_t *node)
{
	Value		value = {.node = node,.json = json};
	const Token *token;

	switch (json_typeof(node))
	{
		case JSON_NULL:
			value.kind = VALUE_NULL;
			break;
		case JSON_INTEGER:
			token = json_text_token(json, node);
			value.kind = token->kind == TOKEN_STRING ? VALUE_STRING : VALUE_NUMBER;
			value.text = token->text;
			value.length = token->length;
			break;
		case JSON_TRUE:
		case JSON_FALSE:
			value.kind = VALUE_BOOLEAN;
			value.text = json_is_true(node) ? "true" : "false";
			value.length = strlen(value.text);
			break;
		default:
			value.kind = VALUE_DYNAMIC;
			break;
	}
	return value;
}

/*
 * The name of a column, without the " [UTC]" that the portal adds.
 */
char *
header_name(const char *name, size_t length)
{
	static const char suffix[] = " [UTC]";
	size_t		suffix_length = strlen(suffix);

	if (length > suffix_length &&
		ascii_strncasecmp(name + length - suffix_length, suffix, suffix_length) == 0)
		length -= suffix_length;
	return load_strndup(name, length);
}

/*
 * Give the memory of a header's names back.
 */
void
header_free(Header *header)
{
	for (size_t i = 0; i < header->nnames; i++)
		free(header->names[i]);
	free(header->names);
	memset(header, 0, sizeof(*header));
}

/*
 * Say what a file is whose first bytes are those of no text, or NULL.
 */
static char *
describe_binary(Input *input)
{
	const unsigned char *text;
	size_t		held;

	(void) input_peek(input, 511);
	text = (const unsigned char *) input_text(input);

	held = input->end - input->start;
	if (held >= 2 && ((text[0] == 0xFF && text[1] == 0xFE) || (text[0] == 0xFE && text[1] == 0xFF)))
		return load_strdup("file is in UTF-16; convert it to UTF-8 first, for example with iconv -f UTF-16 -t UTF-8");
	if (held >= 4 && memcmp(text, "Obj\001", 4) == 0)
		return load_strdup("file is in Avro, as Event Hubs Capture writes it; take the bodies of its messages out first");
	if (held >= 4 && memcmp(text, "PAR1", 4) == 0)
		return load_strdup("file is in Parquet; convert it to JSON lines first");
	if (held >= 4 && memcmp(text, "PK\003\004", 4) == 0)
		return load_strdup("file is a ZIP archive; unpack it first");
	if (memchr(text, 0, held < 512 ? held : 512) != NULL)
		return load_strdup("file is no Azure log but binary data; " EXPECTED_SHAPES);
	return NULL;
}

/*
 * Find out what the file holds, and read it.
 */
static bool
read_any(Reader *reader)
{
	Input	   *input = reader->input;
	size_t		index = 0;
	int			c;
	char	   *binary = describe_binary(input);

	if (binary != NULL)
		return reader_fail(reader, 0, binary);
	if (input_peek(input, 2) == 0xBF && memcmp(input_text(input), "\xEF\xBB\xBF", 3) == 0)
	{
		input_consume(input, 3);
		input->position.column = 1;
	}

	while ((c = input_peek(input, index)) == ' ' || c == '\t' || c == '\n' || c == '\r')
		index++;
	if (c == '{' || c == '[')
		return read_json(reader);
	if (c == -1 && !input->failed)
		return reader_fail(reader, 0, load_strdup("file is empty; " EXPECTED_SHAPES));
	return read_csv(reader);
}

/*
 * Read all records of a file that start at or after an offset.  Unless all are
 * read, *error is why, or what is unfinished; then that is what is next.
 */
ReadResult
read_records(Input *input, Sink *sink, int64_t resume_at,
			 char **error, Position *error_position)
{
	Reader		reader = {.input = input,.sink = sink,.resume_at = resume_at};
	bool		done = read_any(&reader);

	json_text_free(&reader.json);
	if (reader.stopped)
		return READ_STOPPED;
	if (input->failed && !reader.error)
	{
		reader.error = load_strdup(input->error);
		reader.error_position = input_position(input, input->end - input->start);
	}
	*error = reader.error;
	*error_position = reader.error_position;
	if (reader.unfinished)
		return READ_UNFINISHED;
	return done && reader.error == NULL ? READ_DONE : READ_FAILED;
}
