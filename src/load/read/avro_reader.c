/*-------------------------------------------------------------------------
 *
 * avro_reader.c
 *	  Records out of the messages that Event Hubs Capture keeps in Avro.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
/*
 * A file in Avro has a header, with the schema, and blocks of messages.  The body of a
 * message is JSON, and is read as a file of its own.  A place in such a file is the
 * number of the message, as its line, and the byte within its body.
 *
 * libavro would have to be given the whole file, and loses memory, or asks for more
 * than there is, where a file is damaged; and of a message one field counts.
 */
#include "read/avro_reader.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "read/avro_schema.h"
#include "read/json_reader.h"

#define SYNC_LENGTH	16

/* more than a block of messages has, which are 1 MB at most */
#define MAX_BLOCK_LENGTH	((size_t) 256 * 1024 * 1024)

/* The messages of a file, and what takes the records of their bodies. */
typedef struct Messages
{
	Sink		sink;			/* must be first */
	Reader	   *reader;
	AvroSchema	schema;
	bool		deflated;		/* its blocks */
	char		sync[SYNC_LENGTH];	/* what is between blocks */
	Buffer		block;			/* inflated */
	int64_t		number;			/* of this message, from 1 */
} Messages;

/*
 * The file is damaged.
 */
static bool
fail_at_message(Messages *messages, char *error)
{
	messages->reader->error = error;
	messages->reader->error_position = (Position)
	{
		messages->reader->input->position.offset, messages->number + 1, 1
	};
	return false;
}

/*
 * The file ends before what comes next does.
 */
static bool
leave_at_message(Messages *messages, const char *what)
{
	if (!reader_leave(messages->reader, what) && messages->reader->unfinished)
		messages->reader->error_position.line = messages->number + 1;
	messages->reader->error_position.column = 1;
	return false;
}

/*
 * A place in the body of a message.
 */
static Position
message_position(const Messages *messages, Position in_body)
{
	return (Position)
	{
		messages->reader->input->position.offset, messages->number, in_body.offset + 1
	};
}

/*
 * Take a record of a body.
 */
static bool
take_of_message(Sink *sink, const Record *record)
{
	Messages   *messages = (Messages *) sink;
	Record		placed = *record;

	placed.position = message_position(messages, record->position);
	return messages->reader->sink->take(messages->reader->sink, &placed);
}

/*
 * Refuse a record of a body.
 */
static bool
refuse_of_message(Sink *sink, const char *text, size_t length, Position position, const char *reason)
{
	Messages   *messages = (Messages *) sink;
	Sink	   *outer = messages->reader->sink;

	return outer->refuse(outer, text, length, message_position(messages, position), reason);
}

/*
 * Pass a warning on.
 */
static void
warn_of_message(Sink *sink, const char *text)
{
	Sink	   *outer = ((Messages *) sink)->reader->sink;

	outer->warn(outer, text);
}

/*
 * Read the records of a body, which may be an envelope, an array or one record.
 */
static bool
read_body(Messages *messages, const char *data, size_t length)
{
	Source		source;
	Input		input;
	Reader		inner = {.input = &input,.sink = &messages->sink};
	bool		done;

	source_open_memory(&source, data, length);
	input_init(&input, &source);
	input_skip_mark(&input);
	done = read_json(&inner);
	messages->reader->stopped = inner.stopped;
	/* a body that is no JSON, or not all of one, is bad as a whole */
	if (!done && !inner.stopped)
		messages->reader->stopped =
			!refuse_of_message(&messages->sink, data, length, inner.error_position,
							   inner.error != NULL && !inner.unfinished ? inner.error :
							   "body of the message is no JSON, or not all of it");
	free(inner.error);
	json_text_free(&inner.json);
	input_free(&input);
	source_close(&source);
	return !messages->reader->stopped;
}

/*
 * Read one message.
 */
static bool
read_message(Messages *messages, AvroBytes *bytes)
{
	Position	start = {0};
	const char *body;
	size_t		length = 0;

	if (!avro_read_field(bytes, &messages->schema, "Body", &body, &length))
		return fail_at_message(messages, load_strdup("block of messages is damaged"));
	messages->number++;
	if (body != NULL && length > 0)
		return read_body(messages, body, length);
	messages->reader->stopped = !refuse_of_message(&messages->sink, "", 0, start, "message has no body");
	return !messages->reader->stopped;
}

/*
 * Inflate a block, which is what its bytes are then.
 */
static bool
inflate_block(Messages *messages, AvroBytes *bytes)
{
	Buffer	   *block = &messages->block;
	z_stream	stream = {0};
	int			result = Z_OK;

	if (inflateInit2(&stream, -15) != Z_OK)
		return false;
	block->length = 0;
	stream.next_in = (Bytef *) bytes->next;
	stream.avail_in = (uInt) (bytes->end - bytes->next);
	while (result == Z_OK && block->length < MAX_BLOCK_LENGTH)
	{
		buffer_reserve(block, SOURCE_CHUNK);
		stream.next_out = (Bytef *) block->data + block->length;
		stream.avail_out = SOURCE_CHUNK;
		result = inflate(&stream, Z_NO_FLUSH);
		block->length += SOURCE_CHUNK - stream.avail_out;
	}
	inflateEnd(&stream);
	bytes->start = block->data;
	bytes->next = block->data;
	bytes->end = block->data + block->length;
	return result == Z_STREAM_END;
}

/*
 * Read the messages of a block.
 */
static bool
read_messages(Messages *messages, AvroBytes bytes, int64_t count)
{
	if (messages->deflated && !inflate_block(messages, &bytes))
		return fail_at_message(messages, load_strdup("block of messages cannot be decompressed"));
	for (int64_t i = 0; i < count; i++)
	{
		const char *start = bytes.next;

		if (!read_message(messages, &bytes))
			return false;
		/* a message without bytes is none */
		if (bytes.next == start)
			return fail_at_message(messages, load_strdup("block of messages is damaged"));
	}
	if (bytes.next != bytes.end)
		return fail_at_message(messages, load_strdup("block has more than its messages"));
	return true;
}

/*
 * Read a number of the file, so many bytes ahead; false if the file ends before, or
 * that is none.
 */
static bool
peek_long(Input *input, size_t *index, int64_t *value)
{
	char		digits[10];
	AvroBytes	bytes = {.next = digits,.end = digits};
	int			c;

	while (bytes.end < digits + sizeof(digits) && (c = input_peek(input, *index)) != -1)
	{
		digits[bytes.end - digits] = (char) c;
		bytes.end++;
		(*index)++;
		if (c < 0x80)
			return avro_read_long(&bytes, value);
	}
	return false;
}

/*
 * Move over the blocks before the one with which reading goes on, and count their
 * messages, which later places need.
 */
static bool
skip_blocks(Messages *messages)
{
	Input	   *input = messages->reader->input;
	int64_t		resume_at = messages->reader->resume_at;

	while (input->position.offset < resume_at)
	{
		size_t		index = 0;
		int64_t		count;
		int64_t		length;
		int64_t		after;

		/* if this is no block, the file has changed, which is found out below */
		if (!peek_long(input, &index, &count) || !peek_long(input, &index, &length) ||
			count < 0 || length < 0 || length > (int64_t) MAX_RECORD_LENGTH)
			break;
		after = input->position.offset + (int64_t) index + length + SYNC_LENGTH;
		if (after > resume_at || input_peek(input, index + (size_t) length + SYNC_LENGTH - 1) == -1)
			break;
		input_consume(input, index + (size_t) length + SYNC_LENGTH);
		messages->number += count;
	}
	return input_skip_to(input, resume_at);
}

/*
 * Read a block; *at_end if there is no other.
 */
static bool
read_block(Messages *messages, bool *at_end)
{
	Input	   *input = messages->reader->input;
	size_t		index = 0;
	int64_t		count;
	int64_t		length;
	AvroBytes	bytes = {0};

	*at_end = input_peek(input, 0) == -1;
	if (*at_end)
		return !input->failed;
	if (!peek_long(input, &index, &count) || !peek_long(input, &index, &length))
		return input_peek(input, index) == -1 ? leave_at_message(messages, "the block of messages that starts here has no end yet") :
			fail_at_message(messages, load_strdup("block of messages is damaged"));
	if (count < 0 || length < 0 || (size_t) length > MAX_RECORD_LENGTH / 2)
		return fail_at_message(messages, load_strdup("block of messages is damaged"));
	if (input_peek(input, index + (size_t) length + SYNC_LENGTH - 1) == -1)
		return leave_at_message(messages, "the block of messages that starts here has no end yet");
	bytes.start = input_text(input) + index;
	bytes.next = bytes.start;
	bytes.end = bytes.next + length;
	if (memcmp(bytes.end, messages->sync, SYNC_LENGTH) != 0)
		return fail_at_message(messages, load_strdup("block of messages is damaged"));
	if (!read_messages(messages, bytes, count))
		return false;
	input_consume(input, index + (size_t) length + SYNC_LENGTH);
	return true;
}

/*
 * Take a property of the file: its schema, or how its blocks are compressed.
 */
static bool
take_property(Messages *messages, const char *name, size_t name_length, const char *value, size_t length)
{
	if (name_length == strlen("avro.schema") && memcmp(name, "avro.schema", name_length) == 0)
	{
		avro_schema_free(&messages->schema);
		if (avro_schema_parse(&messages->schema, value, length) && avro_has_field(&messages->schema, "Body"))
			return true;
		return fail_at_message(messages, load_strdup("file is in Avro, but not of Event Hubs Capture, whose records have a field Body; "
													 EXPECTED_SHAPES));
	}
	if (name_length != strlen("avro.codec") || memcmp(name, "avro.codec", name_length) != 0)
		return true;
	messages->deflated = length == strlen("deflate") && memcmp(value, "deflate", length) == 0;
	if (messages->deflated || (length == strlen("null") && memcmp(value, "null", length) == 0))
		return true;
	return fail_at_message(messages, load_strdup("file is in Avro that is compressed otherwise than Event Hubs Capture does, which is with deflate or not at all"));
}

/*
 * A text of the header, so many bytes ahead, and the place after it.
 */
static bool
peek_text(Input *input, size_t *index, size_t *start, size_t *length)
{
	int64_t		size;

	if (!peek_long(input, index, &size) || size < 0 || size > 1024 * 1024)
		return false;
	*start = *index;
	*length = (size_t) size;
	*index += (size_t) size;
	return size == 0 || input_peek(input, *index - 1) != -1;
}

/*
 * Read the properties of the file, so many bytes ahead, which come in parts up to an
 * empty one; *complete if the file does not end before.
 */
static bool
read_properties(Messages *messages, size_t *index, bool *complete)
{
	Input	   *input = messages->reader->input;
	int64_t		count;
	int64_t		size;

	*complete = false;
	while (peek_long(input, index, &count) && count != 0)
	{
		if (count < 0 && (count == INT64_MIN || !peek_long(input, index, &size)))
			return true;
		for (count = count < 0 ? -count : count; count > 0; count--)
		{
			size_t		name;
			size_t		name_length;
			size_t		value;
			size_t		length;

			if (!peek_text(input, index, &name, &name_length) || !peek_text(input, index, &value, &length))
				return true;
			if (!take_property(messages, input_text(input) + name, name_length, input_text(input) + value, length))
				return false;
		}
	}
	*complete = input_peek(input, *index - 1) == 0;
	return true;
}

/*
 * Read the header of the file.
 */
static bool
read_header(Messages *messages)
{
	Input	   *input = messages->reader->input;
	size_t		index = strlen(AVRO_START);
	bool		complete;

	if (!read_properties(messages, &index, &complete))
		return false;
	if (input->failed)
		return false;
	if (!complete && input_peek(input, index) == -1)
		return leave_at_message(messages, "the header of the file, which is in Avro, has no end yet");
	if (!complete || messages->schema.type == NULL)
		return fail_at_message(messages, load_strdup("file is in Avro whose header is damaged"));
	if (input_peek(input, index + SYNC_LENGTH - 1) == -1)
		return leave_at_message(messages, "the header of the file, which is in Avro, has no end yet");
	memcpy(messages->sync, input_text(input) + index, SYNC_LENGTH);
	input_consume(input, index + SYNC_LENGTH);
	return true;
}

/*
 * Read a file in Avro.
 */
bool
read_avro(Reader *reader)
{
	Messages	messages = {
		.sink = {take_of_message, refuse_of_message, warn_of_message},
		.reader = reader
	};
	bool		at_end = false;
	bool		done = read_header(&messages) && skip_blocks(&messages);

	while (done && !at_end)
		done = read_block(&messages, &at_end);
	avro_schema_free(&messages.schema);
	buffer_free(&messages.block);
	return done;
}
