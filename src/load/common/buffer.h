/*-------------------------------------------------------------------------
 *
 * buffer.h
 *	  Growable memory: buffers, and an arena that lives for one record.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_BUFFER_H
#define LOAD_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define printf_like(string, first) __attribute__((format(printf, string, first)))
#define rarely_called __attribute__((cold))
#else
#define printf_like(string, first)
#define rarely_called
#endif

/* Bytes that grow at the end; data is not terminated by a zero byte. */
typedef struct Buffer
{
	char	   *data;
	size_t		length;
	size_t		size;
} Buffer;

typedef struct ArenaBlock ArenaBlock;

/* Memory that is given back all at once. */
typedef struct Arena
{
	ArenaBlock *blocks;			/* the one in use first */
	size_t		size;			/* of all blocks */
} Arena;

extern void *load_malloc(size_t size);
extern void *load_calloc(size_t count, size_t size);
extern void *load_realloc(void *pointer, size_t size);
extern char *load_strdup(const char *string);
extern char *load_strndup(const char *string, size_t length);
extern char *load_printf(const char *format,...) printf_like(1, 2);

extern void buffer_reserve(Buffer *buffer, size_t more);
extern void buffer_append(Buffer *buffer, const void *data, size_t length);
extern void buffer_append_string(Buffer *buffer, const char *string);
extern void buffer_printf(Buffer *buffer, const char *format,...) printf_like(2, 3);
extern void buffer_free(Buffer *buffer);

extern void *arena_alloc(Arena *arena, size_t size);
extern void *arena_copy(Arena *arena, const void *data, size_t length);
extern void arena_reset(Arena *arena);
extern void arena_free(Arena *arena);

static inline void
buffer_append_byte(Buffer *buffer, char c)
{
	if (buffer->length == buffer->size)
		buffer_reserve(buffer, 1);
	buffer->data[buffer->length++] = c;
}

#endif							/* LOAD_BUFFER_H */
