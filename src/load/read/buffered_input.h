/*-------------------------------------------------------------------------
 *
 * buffered_input.h
 *	  A window over the bytes of a source that knows lines and columns.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_BUFFERED_INPUT_H
#define LOAD_BUFFERED_INPUT_H

#include "common/buffer.h"
#include "read/digest.h"
#include "read/inflate.h"

/* Longer records are refused: PostgreSQL's jsonb holds 256 MB at most. */
#define MAX_RECORD_LENGTH	((size_t) 128 * 1024 * 1024)

typedef struct Position
{
	int64_t		offset;			/* bytes before it */
	int64_t		line;			/* from 1 */
	int64_t		column;			/* characters, from 1 */
} Position;

/*
 * The bytes from start up to end are in memory; input_more() brings more.
 * What comes before start is gone.
 */
typedef struct Input
{
	Source	   *source;
	char	   *data;
	size_t		size;
	size_t		start;
	size_t		end;
	Position	position;		/* of start */
	EVP_MD_CTX *digest;			/* of the bytes before undigested, */
	size_t		undigested;		/* which is start at most */
	const char *skipped_digest; /* which input_skip_to() must find, or NULL */
	bool		at_end;			/* the source has no more */
	bool		failed;			/* reading failed, or the record is too long */
	char	   *error;
} Input;

extern void input_init(Input *input, Source *source);
extern bool input_more(Input *input);
extern void input_consume(Input *input, size_t length);
extern bool input_skip_to(Input *input, int64_t offset);
extern void input_skip_mark(Input *input);
extern void input_digest(Input *input, char hex[DIGEST_HEX_SIZE]);
extern Position position_after(Position position, const char *text, size_t length);
extern Position input_position(const Input *input, size_t index);
extern void input_free(Input *input);

/*
 * The byte so many bytes after start, or -1 where the source ends before it.
 */
static inline int
input_peek(Input *input, size_t index)
{
	while (index >= input->end - input->start)
	{
		if (!input_more(input))
			return -1;
	}
	return (unsigned char) input->data[input->start + index];
}

/*
 * Where the bytes that are next stand; the next input_more() moves them.
 */
static inline const char *
input_text(const Input *input)
{
	return input->data + input->start;
}

#endif							/* LOAD_BUFFERED_INPUT_H */
