/*-------------------------------------------------------------------------
 *
 * memory.c
 *	  Memory of one compilation, and what is made of it.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "memory.h"

#define CHUNK_SIZE	16384

/*
 * Memory, all zeros.
 */
void *
arena_alloc(Arena *arena, size_t size)
{
	char	   *result;

	size = (size + 15) & ~(size_t) 15;
	if (size > CHUNK_SIZE / 4)
		result = arena->allocator->allocate(arena->allocator->context, size);
	else
	{
		if (size > arena->left)
		{
			arena->next = arena->allocator->allocate(arena->allocator->context,
													 CHUNK_SIZE);
			arena->left = CHUNK_SIZE;
		}
		result = arena->next;
		arena->next += size;
		arena->left -= size;
	}
	memset(result, 0, size);
	return result;
}

/*
 * A copy of bytes, with a terminator.
 */
char *
arena_strndup(Arena *arena, const char *text, size_t length)
{
	char	   *result = arena_alloc(arena, length + 1);

	if (length > 0)
		memcpy(result, text, length);
	return result;
}

/*
 * A copy of a string.
 */
char *
arena_strdup(Arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

/*
 * A string as vprintf() would print it.
 */
char *
arena_vprintf(Arena *arena, const char *format, va_list arguments)
{
	va_list		again;
	int			length;
	char	   *result;
	char		probe[1];

	va_copy(again, arguments);
	length = vsnprintf(probe, sizeof(probe), format, arguments);
	if (length < 0)
		length = 0;
	result = arena_alloc(arena, (size_t) length + 1);
	vsnprintf(result, (size_t) length + 1, format, again);
	va_end(again);
	return result;
}

/*
 * A string as printf() would print it.
 */
char *
arena_printf(Arena *arena, const char *format,...)
{
	va_list		arguments;
	char	   *result;

	va_start(arguments, format);
	result = arena_vprintf(arena, format, arguments);
	va_end(arguments);
	return result;
}

/*
 * Add a pointer.
 */
void
vector_add(Arena *arena, Vector *vector, void *item)
{
	if (vector->count == vector->room)
	{
		int			room = vector->room > 0 ? 2 * vector->room : 8;
		void	  **items = arena_alloc(arena, (size_t) room * sizeof(void *));

		if (vector->count > 0)
			memcpy(items, vector->items,
				   (size_t) vector->count * sizeof(void *));
		vector->items = items;
		vector->room = room;
	}
	vector->items[vector->count++] = item;
}

/*
 * Add bytes, unless that passes the limit.  There is always a terminator.
 */
void
buffer_add(Buffer *buffer, const char *data, size_t length)
{
	if (length > buffer->limit - buffer->length)
	{
		buffer->is_full = true;
		return;
	}
	if (buffer->length + length + 1 > buffer->room)
	{
		size_t		room = 2 * (buffer->length + length) + 256;
		char	   *grown = arena_alloc(buffer->arena, room);

		if (buffer->length > 0)
			memcpy(grown, buffer->data, buffer->length);
		buffer->data = grown;
		buffer->room = room;
	}
	memcpy(buffer->data + buffer->length, data, length);
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
}

/*
 * Add a string.
 */
void
buffer_text(Buffer *buffer, const char *text)
{
	buffer_add(buffer, text, strlen(text));
}
