/*-------------------------------------------------------------------------
 *
 * avro_schema.c
 *	  The schema of a file in Avro, and values that are written by it.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
/*
 * Of a message, one field counts.  The others have to be moved over, which takes the
 * schema, as nothing in the values says what they are.
 */
#include "read/avro_schema.h"

#include <string.h>

#include <jansson.h>

/* types within types, and values within values, at most */
#define MAX_DEPTH	64

/* more types than any schema of messages has */
#define MAX_TYPES	10000

/* more values without bytes than messages have, in all and for each of their bytes */
#define MAX_EMPTY			1000
#define MAX_EMPTY_PER_BYTE	10

typedef enum AvroKind
{
	AVRO_NULL, AVRO_BOOLEAN, AVRO_INT, AVRO_LONG, AVRO_FLOAT, AVRO_DOUBLE, AVRO_BYTES, AVRO_STRING,
	AVRO_RECORD, AVRO_ENUM, AVRO_ARRAY, AVRO_MAP, AVRO_UNION, AVRO_FIXED
} AvroKind;

struct AvroType
{
	AvroKind	kind;
	const char *name;			/* of one that others may name, or NULL */
	const AvroType *before;		/* the type that was named before this one */
	size_t		size;			/* of a fixed one, or number of parts */
	const AvroType **parts;		/* of fields, branches or items */
	const char **names;			/* of fields */
};

static const char *const kind_names[] = {
	"null", "boolean", "int", "long", "float", "double", "bytes", "string",
	"record", "enum", "array", "map", "union", "fixed"
};

#define PRIMITIVES	(AVRO_STRING + 1)

/* A schema while it is parsed. */
typedef struct Parser
{
	AvroSchema *schema;
	const AvroType *named;		/* the last one */
} Parser;

static const AvroType *parse_type(Parser *parser, const json_t *json, int depth);

/*
 * A copy of a string that lives as long as the schema.
 */
static const char *
copy_name(Parser *parser, const char *name)
{
	return arena_copy(&parser->schema->arena, name, strlen(name) + 1);
}

/*
 * A name without its namespace.
 */
static const char *
short_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL ? dot + 1 : name;
}

/*
 * A new type.
 */
static AvroType *
new_type(Parser *parser, AvroKind kind)
{
	AvroType   *type = arena_alloc(&parser->schema->arena, sizeof(AvroType));

	memset(type, 0, sizeof(*type));
	type->kind = kind;
	parser->schema->ntypes++;
	return type;
}

/*
 * The type of a name: a primitive one, or one that stands before.
 */
static const AvroType *
named_type(Parser *parser, const char *name)
{
	for (int kind = 0; kind < PRIMITIVES; kind++)
	{
		if (strcmp(name, kind_names[kind]) == 0)
			return new_type(parser, (AvroKind) kind);
	}
	for (const AvroType *type = parser->named; type != NULL; type = type->before)
	{
		if (strcmp(short_name(name), type->name) == 0)
			return type;
	}
	return NULL;
}

/*
 * Let others name a type.
 */
static void
remember_name(Parser *parser, AvroType *type, const json_t *json)
{
	const char *name = json_string_value(json_object_get(json, "name"));

	if (name == NULL)
		return;
	type->name = copy_name(parser, short_name(name));
	type->before = parser->named;
	parser->named = type;
}

/*
 * Make room for the parts of a type.
 */
static void
provide_parts(Parser *parser, AvroType *type, size_t size)
{
	type->size = size;
	type->parts = arena_alloc(&parser->schema->arena, (size + 1) * sizeof(AvroType *));
	type->names = arena_alloc(&parser->schema->arena, (size + 1) * sizeof(char *));
}

/*
 * The fields of a record.
 */
static bool
parse_fields(Parser *parser, AvroType *type, const json_t *fields, int depth)
{
	provide_parts(parser, type, json_array_size(fields));
	for (size_t i = 0; i < type->size; i++)
	{
		const json_t *field = json_array_get(fields, i);
		const char *name = json_string_value(json_object_get(field, "name"));

		type->parts[i] = parse_type(parser, json_object_get(field, "type"), depth + 1);
		if (name == NULL || type->parts[i] == NULL)
			return false;
		type->names[i] = copy_name(parser, name);
	}
	return true;
}

/*
 * A union, which is an array of its branches.
 */
static const AvroType *
parse_union(Parser *parser, const json_t *json, int depth)
{
	AvroType   *type = new_type(parser, AVRO_UNION);

	provide_parts(parser, type, json_array_size(json));
	for (size_t i = 0; i < type->size; i++)
	{
		type->parts[i] = parse_type(parser, json_array_get(json, i), depth + 1);
		if (type->parts[i] == NULL)
			return NULL;
	}
	return type;
}

/*
 * An array or a map, of items of one type.
 */
static const AvroType *
parse_items(Parser *parser, AvroKind kind, const json_t *items, int depth)
{
	AvroType   *type = new_type(parser, kind);

	provide_parts(parser, type, 1);
	type->parts[0] = parse_type(parser, items, depth + 1);
	return type->parts[0] != NULL ? type : NULL;
}

/*
 * A type that is an object.
 */
static const AvroType *
parse_object(Parser *parser, const json_t *json, int depth)
{
	const json_t *inner = json_object_get(json, "type");
	const char *name = json_string_value(inner);
	AvroType   *type;

	if (name == NULL)
		return parse_type(parser, inner, depth + 1);
	if (strcmp(name, "array") == 0)
		return parse_items(parser, AVRO_ARRAY, json_object_get(json, "items"), depth);
	if (strcmp(name, "map") == 0)
		return parse_items(parser, AVRO_MAP, json_object_get(json, "values"), depth);
	if (strcmp(name, "enum") == 0 || strcmp(name, "fixed") == 0)
	{
		json_int_t	size = json_integer_value(json_object_get(json, "size"));

		type = new_type(parser, *name == 'e' ? AVRO_ENUM : AVRO_FIXED);
		type->size = size > 0 ? (size_t) size : 0;
		remember_name(parser, type, json);
		return type;
	}
	if (strcmp(name, "record") != 0)
		return named_type(parser, name);
	type = new_type(parser, AVRO_RECORD);
	/* its fields may name it */
	remember_name(parser, type, json);
	return parse_fields(parser, type, json_object_get(json, "fields"), depth) ? type : NULL;
}

/*
 * A type, or NULL if that is not one.
 */
static const AvroType *
parse_type(Parser *parser, const json_t *json, int depth)
{
	if (depth > MAX_DEPTH || parser->schema->ntypes > MAX_TYPES)
		return NULL;
	if (json_is_string(json))
		return named_type(parser, json_string_value(json));
	if (json_is_array(json))
		return parse_union(parser, json, depth);
	return json_is_object(json) ? parse_object(parser, json, depth) : NULL;
}

/*
 * Parse a schema, which must be of a record.
 */
bool
avro_schema_parse(AvroSchema *schema, const char *text, size_t length)
{
	Parser		parser = {.schema = schema};
	json_t	   *json = json_loadb(text, length, JSON_DECODE_ANY, NULL);

	memset(schema, 0, sizeof(*schema));
	if (json != NULL)
		schema->type = parse_type(&parser, json, 0);
	json_decref(json);
	return schema->type != NULL && schema->type->kind == AVRO_RECORD;
}

/*
 * Give all memory back.
 */
void
avro_schema_free(AvroSchema *schema)
{
	arena_free(&schema->arena);
	memset(schema, 0, sizeof(*schema));
}

/*
 * Has a message a field of this name?
 */
bool
avro_has_field(const AvroSchema *schema, const char *name)
{
	for (size_t i = 0; i < schema->type->size; i++)
	{
		if (strcmp(schema->type->names[i], name) == 0)
			return true;
	}
	return false;
}

/*
 * Read a number, seven bits in each byte, the lowest first, and the sign last.
 */
bool
avro_read_long(AvroBytes *bytes, int64_t *value)
{
	uint64_t	bits = 0;

	for (int shift = 0; shift < 64 && bytes->next < bytes->end; shift += 7)
	{
		unsigned char byte = (unsigned char) *bytes->next++;

		bits |= (uint64_t) (byte & 0x7F) << shift;
		if (byte < 0x80)
		{
			*value = (int64_t) (bits >> 1) ^ -(int64_t) (bits & 1);
			return true;
		}
	}
	return false;
}

/*
 * Move over so many bytes.
 */
static bool
skip_bytes(AvroBytes *bytes, int64_t length)
{
	if (length < 0 || length > bytes->end - bytes->next)
		return false;
	bytes->next += length;
	return true;
}

/*
 * Read a length, and the bytes that follow.
 */
static bool
avro_read_bytes(AvroBytes *bytes, const char **data, size_t *length)
{
	int64_t		size;

	if (!avro_read_long(bytes, &size))
		return false;
	*data = bytes->next;
	*length = (size_t) size;
	return skip_bytes(bytes, size);
}

static bool skip_value(AvroBytes *bytes, const AvroType *type, int depth);

/*
 * Move over the items of a part of an array or a map.
 */
static bool
skip_part(AvroBytes *bytes, const AvroType *type, int64_t count, int depth)
{
	for (int64_t i = 0; i < count; i++)
	{
		const char *start = bytes->next;
		const char *key;
		size_t		length;

		if ((type->kind == AVRO_MAP && !avro_read_bytes(bytes, &key, &length)) ||
			!skip_value(bytes, type->parts[0], depth + 1))
			return false;
		/* items without bytes may be as many as they like */
		if (bytes->next == start)
			break;
	}
	return true;
}

/*
 * Move over an array or a map, which comes in parts up to an empty one.
 */
static bool
skip_items(AvroBytes *bytes, const AvroType *type, int depth)
{
	int64_t		count;

	for (;;)
	{
		int64_t		size;

		if (!avro_read_long(bytes, &count))
			return false;
		if (count == 0)
			return true;
		if (count > 0 && !skip_part(bytes, type, count, depth))
			return false;
		/* the size is there so that it can be moved over */
		if (count < 0 && (!avro_read_long(bytes, &size) || !skip_bytes(bytes, size)))
			return false;
	}
}

/*
 * The branch of a union that comes next, or NULL.
 */
static const AvroType *
read_branch(AvroBytes *bytes, const AvroType *type)
{
	int64_t		branch;

	if (!avro_read_long(bytes, &branch) || branch < 0 || (uint64_t) branch >= type->size)
		return NULL;
	return type->parts[branch];
}

/*
 * Move over a value without bytes.  In records in records, these may be more than can be
 * counted.
 */
static bool
skip_empty(AvroBytes *bytes)
{
	return bytes->empty++ < MAX_EMPTY + MAX_EMPTY_PER_BYTE * (bytes->next - bytes->start);
}

/*
 * Move over a value.
 */
static bool
skip_value(AvroBytes *bytes, const AvroType *type, int depth)
{
	int64_t		number;
	const char *data;
	size_t		length;

	if (depth > MAX_DEPTH)
		return false;
	switch (type->kind)
	{
		case AVRO_NULL:
			return skip_empty(bytes);
		case AVRO_BOOLEAN:
			return skip_bytes(bytes, 1);
		case AVRO_INT:
		case AVRO_LONG:
		case AVRO_ENUM:
			return avro_read_long(bytes, &number);
		case AVRO_FLOAT:
			return skip_bytes(bytes, 4);
		case AVRO_DOUBLE:
			return skip_bytes(bytes, 8);
		case AVRO_BYTES:
		case AVRO_STRING:
			return avro_read_bytes(bytes, &data, &length);
		case AVRO_FIXED:
			if (type->size == 0)
				return skip_empty(bytes);
			return type->size <= (size_t) (bytes->end - bytes->next) && skip_bytes(bytes, (int64_t) type->size);
		case AVRO_ARRAY:
		case AVRO_MAP:
			return skip_items(bytes, type, depth);
		case AVRO_UNION:
			type = read_branch(bytes, type);
			return type != NULL && skip_value(bytes, type, depth + 1);
		case AVRO_RECORD:
			if (type->size == 0)
				return skip_empty(bytes);
			for (size_t i = 0; i < type->size; i++)
			{
				if (!skip_value(bytes, type->parts[i], depth + 1))
					return false;
			}
			return true;
	}
	return false;
}

/*
 * Read a message; *data is the field of this name, if that is bytes or a string, else
 * NULL.  False if that is no message.
 */
bool
avro_read_field(AvroBytes *bytes, const AvroSchema *schema, const char *name, const char **data, size_t *length)
{
	const AvroType *record = schema->type;

	*data = NULL;
	for (size_t i = 0; i < record->size; i++)
	{
		const AvroType *type = record->parts[i];
		bool		is_wanted = *data == NULL && strcmp(record->names[i], name) == 0;

		if (is_wanted && type->kind == AVRO_UNION)
		{
			type = read_branch(bytes, type);
			if (type == NULL)
				return false;
		}
		if (is_wanted && (type->kind == AVRO_BYTES || type->kind == AVRO_STRING))
		{
			if (!avro_read_bytes(bytes, data, length))
				return false;
		}
		else if (!skip_value(bytes, type, 0))
			return false;
	}
	return true;
}
