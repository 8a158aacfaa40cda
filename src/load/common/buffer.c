/*-------------------------------------------------------------------------
 *
 * buffer.c
 *	  Growable memory: buffers, and an arena that lives for one record.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "common/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BLOCK_SIZE	65536

struct ArenaBlock
{
	ArenaBlock *next;
	size_t		used;
	size_t		size;
	char		data[];
};

/*
 * There is no way to go on without memory, and nothing to clean up: the server
 * rolls back what was not committed.
 */
static void *
check_memory(void *pointer)
{
	if (pointer == NULL)
	{
		fprintf(stderr, "azhunt-load: error: out of memory\n");
		exit(2);
	}
	return pointer;
}

/*
 * malloc() that does not fail.
 */
void *
load_malloc(size_t size)
{
	return check_memory(malloc(size > 0 ? size : 1));
}

/*
 * calloc() that does not fail.
 */
void *
load_calloc(size_t count, size_t size)
{
	return check_memory(calloc(count > 0 ? count : 1, size));
}

/*
 * realloc() that does not fail.
 */
void *
load_realloc(void *pointer, size_t size)
{
	return check_memory(realloc(pointer, size > 0 ? size : 1));
}

/*
 * strdup() that does not fail.
 */
char *
load_strdup(const char *string)
{
	return load_strndup(string, strlen(string));
}

/*
 * A copy of so many bytes with a zero byte after them.
 */
char *
load_strndup(const char *string, size_t length)
{
	char	   *copy = load_malloc(length + 1);

	memcpy(copy, string, length);
	copy[length] = '\0';
	return copy;
}

/*
 * Append as vprintf() does.
 */
static void
buffer_vprintf(Buffer *buffer, const char *format, va_list arguments)
{
	va_list		again;
	int			length;

	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	buffer_reserve(buffer, (size_t) length + 1);
	vsnprintf(buffer->data + buffer->length, (size_t) length + 1, format, arguments);
	buffer->length += (size_t) length;
}

/*
 * A new string, made as printf() does.
 */
char *
load_printf(const char *format,...)
{
	Buffer		buffer = {0};
	va_list		arguments;

	va_start(arguments, format);
	buffer_vprintf(&buffer, format, arguments);
	va_end(arguments);
	buffer_append_byte(&buffer, '\0');
	return buffer.data;
}

/*
 * Make room for so many bytes more.
 */
void
buffer_reserve(Buffer *buffer, size_t more)
{
	size_t		size = buffer->size > 0 ? buffer->size : 256;

	while (size - buffer->length < more)
		size *= 2;
	if (size == buffer->size)
		return;
	buffer->data = load_realloc(buffer->data, size);
	buffer->size = size;
}

/*
 * Append bytes.
 */
void
buffer_append(Buffer *buffer, const void *data, size_t length)
{
	if (length == 0)
		return;
	buffer_reserve(buffer, length);
	memcpy(buffer->data + buffer->length, data, length);
	buffer->length += length;
}

/*
 * Append a string.
 */
void
buffer_append_string(Buffer *buffer, const char *string)
{
	buffer_append(buffer, string, strlen(string));
}

/*
 * Append as printf() does.
 */
void
buffer_printf(Buffer *buffer, const char *format,...)
{
	va_list		arguments;

	va_start(arguments, format);
	buffer_vprintf(buffer, format, arguments);
	va_end(arguments);
}

/*
 * Give the memory of a buffer back.
 */
void
buffer_free(Buffer *buffer)
{
	free(buffer->data);
	memset(buffer, 0, sizeof(*buffer));
}

/*
 * Memory until the next arena_reset().
 */
void *
arena_alloc(Arena *arena, size_t size)
{
	ArenaBlock *block = arena->blocks;
	void	   *memory;

	size = (size + 7) & ~(size_t) 7;
	if (block == NULL || block->size - block->used < size)
	{
		size_t		block_size = size > ARENA_BLOCK_SIZE ? size : ARENA_BLOCK_SIZE;

		block = load_malloc(sizeof(ArenaBlock) + block_size);
		block->next = arena->blocks;
		block->used = 0;
		block->size = block_size;
		arena->blocks = block;
		arena->size += block_size;
	}
	memory = block->data + block->used;
	block->used += size;
	return memory;
}

/*
 * A copy until the next arena_reset().
 */
void *
arena_copy(Arena *arena, const void *data, size_t length)
{
	void	   *copy = arena_alloc(arena, length);

	if (length > 0)
		memcpy(copy, data, length);
	return copy;
}

/*
 * Give all memory back but one block of the usual size.
 */
void
arena_reset(Arena *arena)
{
	ArenaBlock *kept = NULL;

	while (arena->blocks != NULL)
	{
		ArenaBlock *block = arena->blocks;

		arena->blocks = block->next;
		if (kept == NULL && block->size == ARENA_BLOCK_SIZE)
			kept = block;
		else
			free(block);
	}
	if (kept != NULL)
	{
		kept->next = NULL;
		kept->used = 0;
		arena->blocks = kept;
	}
	arena->size = kept != NULL ? kept->size : 0;
}

/*
 * Give all memory back.
 */
void
arena_free(Arena *arena)
{
	arena_reset(arena);
	free(arena->blocks);
	arena->blocks = NULL;
	arena->size = 0;
}
