/*-------------------------------------------------------------------------
 *
 * fuzz_kql.c
 *	  Any bytes as a query: the compiler gives SQL or errors, and nothing else.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../kqlc.h"
#include "../log_tables.h"

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was allocated, to be freed after each query */
typedef struct Block
{
	struct Block *next;
	size_t		padding;
} Block;

/*
 * Memory for the compiler.
 */
static void *
allocate(void *context, size_t size)
{
	Block	  **blocks = context;
	Block	   *block = malloc(sizeof(Block) + size);

	if (block == NULL)
		abort();
	block->next = *blocks;
	*blocks = block;
	return block + 1;
}

/*
 * The log table of that name.
 */
static const KqlSourceTable *
find_table(void *context, const char *name)
{
	(void) context;
	return kql_find_log_table(name);
}

/*
 * The name of a log table.
 */
static const char *
table_name(void *context, int number)
{
	(void) context;
	return kql_log_tables[number].name;
}

/*
 * Every address is that of a log table.
 */
static const KqlSourceTable *
find_external(void *context, const char *address)
{
	(void) context;
	(void) address;
	return &kql_log_tables[0];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Block	   *blocks = NULL;
	KqlSchema	schema = {NULL, find_table, table_name, find_external};
	KqlAllocator allocator = {&blocks, allocate};
	KqlResult	result;
	char	   *query = malloc(size + 1);

	memcpy(query, data, size);
	query[size] = '\0';
	kql_compile(query, size, &schema, NULL, &allocator, &result);
	if ((result.errors == NULL) == (result.sql == NULL))
		abort();
	for (const KqlError *error = result.errors; error != NULL; error = error->next)
	{
		if (error->line < 1 || error->column < 1 || error->offset > (int) size)
			abort();
	}
	while (blocks != NULL)
	{
		Block	   *next = blocks->next;

		free(blocks);
		blocks = next;
	}
	free(query);
	return 0;
}
