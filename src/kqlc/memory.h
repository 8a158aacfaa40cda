/*-------------------------------------------------------------------------
 *
 * memory.h
 *	  Memory of one compilation, and what is made of it.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef KQLC_MEMORY_H
#define KQLC_MEMORY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "kqlc.h"

#ifdef __GNUC__
#define KQL_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define KQL_PRINTF(text, first)
#endif

/* Memory that is taken in large pieces and given back by the caller, at once */
typedef struct Arena
{
	const KqlAllocator *allocator;
	char	   *next;
	size_t		left;
} Arena;

/* Pointers, as many as are added */
typedef struct Vector
{
	void	  **items;
	int			count;
	int			room;
} Vector;

/* Text that grows up to a limit */
typedef struct Buffer
{
	Arena	   *arena;
	char	   *data;
	size_t		length;
	size_t		room;
	size_t		limit;
	bool		is_full;		/* the limit was met */
} Buffer;

extern void *arena_alloc(Arena *arena, size_t size);
extern char *arena_strndup(Arena *arena, const char *text, size_t length);
extern char *arena_strdup(Arena *arena, const char *text);
extern char *arena_vprintf(Arena *arena, const char *format,
						   va_list arguments) KQL_PRINTF(2, 0);
extern char *arena_printf(Arena *arena, const char *format,...) KQL_PRINTF(2, 3);
extern void vector_add(Arena *arena, Vector *vector, void *item);
extern void buffer_add(Buffer *buffer, const char *data, size_t length);
extern void buffer_text(Buffer *buffer, const char *text);

#endif							/* KQLC_MEMORY_H */
