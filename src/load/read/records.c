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

#include <string.h>

#include "read/avro_reader.h"
#include "read/csv_reader.h"
#include "read/foreign.h"
#include "read/json_reader.h"
#include "read/json_scan.h"

/*
 * Find out what the file holds, and read it.
 */
static bool
read_any(Reader *reader)
{
	Input	   *input = reader->input;
	size_t		index = 0;
	int			c;
	char	   *foreign;

	(void) input_peek(input, 511);
	if (input->end - input->start >= strlen(AVRO_START) && memcmp(input_text(input), AVRO_START, strlen(AVRO_START)) == 0)
		return read_avro(reader);
	foreign = describe_foreign(input_text(input), input->end - input->start);
	if (foreign != NULL)
		return reader_fail(reader, 0, foreign);
	if (input->source->utf16 != NULL)
		reader->sink->warn(reader->sink, "taken for UTF-16, as its first two bytes say");
	input_skip_mark(input);
	c = skip_space(input, &index);
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
