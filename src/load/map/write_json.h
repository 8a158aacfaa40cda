/*-------------------------------------------------------------------------
 *
 * write_json.h
 *	  JSON that is written member by member.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_WRITE_JSON_H
#define LOAD_WRITE_JSON_H

#include <string.h>

#include "common/buffer.h"
#include "read/json_text.h"

/*
 * Separate what comes next from what came before in an object or array.
 */
static inline void
write_comma(Buffer *out)
{
	char		last = out->length > 0 ? out->data[out->length - 1] : '{';

	if (last != '{' && last != '[' && last != ':')
		buffer_append_byte(out, ',');
}

/*
 * The name of a member.
 */
static inline void
write_name(Buffer *out, const char *name)
{
	write_comma(out);
	dump_json_string(out, name, strlen(name));
	buffer_append_byte(out, ':');
}

/*
 * Start an object or array that is a member.
 */
static inline void
write_open(Buffer *out, const char *name, char bracket)
{
	write_name(out, name);
	buffer_append_byte(out, bracket);
}

/*
 * A member that is a string.
 */
static inline void
write_string(Buffer *out, const char *name, const char *text, size_t length)
{
	write_name(out, name);
	dump_json_string(out, text, length);
}

#endif							/* LOAD_WRITE_JSON_H */
