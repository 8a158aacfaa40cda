/*-------------------------------------------------------------------------
 *
 * buffered_input.c
 *	  A window over the bytes of a source that knows lines and columns.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "read/buffered_input.h"

#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"

#define INPUT_INITIAL_SIZE	(4 * SOURCE_CHUNK)

/*
 * Start at the beginning of a source.
 */
void
input_init(Input *input, Source *source)
{
	memset(input, 0, sizeof(*input));
	input->source = source;
	input->size = INPUT_INITIAL_SIZE;
	input->data = load_malloc(input->size);
	input->position.line = 1;
	input->position.column = 1;
	input->digest = digest_start();
}

/*
 * Add to the digest what was left behind.
 */
static void
digest_consumed(Input *input)
{
	digest_update(input->digest, input->data + input->undigested, input->start - input->undigested);
	input->undigested = input->start;
}

/*
 * The digest of all bytes before the position.
 */
void
input_digest(Input *input, char hex[DIGEST_HEX_SIZE])
{
	digest_consumed(input);
	digest_hex(input->digest, hex);
}

/*
 * Make room at the end of the window.
 */
static bool
make_room(Input *input)
{
	size_t		held = input->end - input->start;

	if (input->start > 0)
	{
		digest_consumed(input);
		memmove(input->data, input->data + input->start, held);
		input->start = 0;
		input->undigested = 0;
		input->end = held;
	}
	if (input->size - input->end >= SOURCE_CHUNK)
		return true;
	if (held >= MAX_RECORD_LENGTH)
	{
		input->failed = true;
		input->error = load_printf("record is longer than %zu MB", MAX_RECORD_LENGTH / (1024 * 1024));
		return false;
	}
	input->size *= 2;
	input->data = load_realloc(input->data, input->size);
	return true;
}

/*
 * Bring more bytes into the window; false at the end and on failure.
 */
bool
input_more(Input *input)
{
	ssize_t		length;

	if (input->at_end || input->failed)
		return false;
	if (input->size - input->end < SOURCE_CHUNK && !make_room(input))
		return false;
	length = source_read(input->source, input->data + input->end, input->size - input->end);
	if (length < 0)
	{
		input->failed = true;
		input->error = load_strdup(input->source->error);
		return false;
	}
	if (length == 0)
	{
		input->at_end = true;
		return false;
	}
	input->end += (size_t) length;
	return true;
}

/*
 * The number of characters in UTF-8: of bytes that don't continue another.
 */
static int64_t
count_characters(const char *text, size_t length)
{
	const char *end = &text[length];
	int64_t		count = (int64_t) length;

	while (text < end)
	{
		if (end - text >= (ptrdiff_t) WORD_SIZE && not_ascii_bytes(load_word(text)) == 0)
			text += WORD_SIZE;
		else
			count -= (*text++ & 0xC0) == 0x80;
	}
	return count;
}

/*
 * The position after some text.
 */
Position
position_after(Position position, const char *text, size_t length)
{
	const char *end = &text[length];
	const char *newline;

	position.offset += (int64_t) length;
	while ((newline = memchr(text, '\n', (size_t) (end - text))) != NULL)
	{
		position.line++;
		position.column = 1;
		text = newline + 1;
	}
	position.column += count_characters(text, (size_t) (end - text));
	return position;
}

/*
 * Leave so many bytes behind.
 */
void
input_consume(Input *input, size_t length)
{
	input->position = position_after(input->position, input_text(input), length);
	input->start += length;
}

/*
 * Is what was skipped, up to an offset, what was to be skipped?
 */
static bool
skipped_as_known(Input *input, int64_t offset)
{
	char		hex[DIGEST_HEX_SIZE];

	if (input->skipped_digest == NULL)
		return true;
	input_digest(input, hex);
	return input->position.offset == offset && strcmp(hex, input->skipped_digest) == 0;
}

/*
 * Leave all bytes before an offset behind.
 */
bool
input_skip_to(Input *input, int64_t offset)
{
	while (input->position.offset < offset)
	{
		size_t		held = input->end - input->start;
		int64_t		wanted = offset - input->position.offset;

		if (held > 0)
			input_consume(input, (int64_t) held < wanted ? held : (size_t) wanted);
		else if (!input_more(input))
			break;
	}
	if (input->failed)
		return false;
	if (!skipped_as_known(input, offset))
	{
		input->failed = true;
		input->error = load_strdup("file changed while it was read: it does not begin any more with what was loaded earlier");
	}
	return !input->failed;
}

/*
 * Leave the mark of UTF-8 behind, if that is next.
 */
void
input_skip_mark(Input *input)
{
	if (input_peek(input, 2) != 0xBF || memcmp(input_text(input), "\xEF\xBB\xBF", 3) != 0)
		return;
	input_consume(input, 3);
	input->position.column = 1;
}

/*
 * The position of the byte so many bytes after start.
 */
Position
input_position(const Input *input, size_t index)
{
	size_t		held = input->end - input->start;

	return position_after(input->position, input_text(input), index < held ? index : held);
}

/*
 * Give all memory back; the source stays open.
 */
void
input_free(Input *input)
{
	EVP_MD_CTX_free(input->digest);
	free(input->data);
	free(input->error);
	memset(input, 0, sizeof(*input));
}
