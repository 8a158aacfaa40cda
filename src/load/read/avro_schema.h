/*-------------------------------------------------------------------------
 *
 * avro_schema.h
 *	  The schema of a file in Avro, and values that are written by it.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_AVRO_SCHEMA_H
#define LOAD_AVRO_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"

typedef struct AvroType AvroType;

/* A schema, and the memory of all its types. */
typedef struct AvroSchema
{
	Arena		arena;
	const AvroType *type;		/* of a message */
	int			ntypes;
} AvroSchema;

/* Bytes, of which those before next have been read. */
typedef struct AvroBytes
{
	const char *start;
	const char *next;
	const char *end;
	int64_t		empty;			/* values without bytes that were moved over */
} AvroBytes;

extern bool avro_schema_parse(AvroSchema *schema, const char *text, size_t length);
extern void avro_schema_free(AvroSchema *schema);
extern bool avro_has_field(const AvroSchema *schema, const char *name);

extern bool avro_read_long(AvroBytes *bytes, int64_t *value);
extern bool avro_read_field(AvroBytes *bytes, const AvroSchema *schema, const char *name,
							const char **data, size_t *length);

#endif							/* LOAD_AVRO_SCHEMA_H */
