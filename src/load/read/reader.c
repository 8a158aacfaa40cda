/*-------------------------------------------------------------------------
 *
 * reader.c
 *	  A file while it is being read, and what takes its records.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "read/reader.h"

#include <stdlib.h>

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
