/*-------------------------------------------------------------------------
 *
 * derive.c
 *	  Columns that are filled from other fields of a record.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "map/row_builder.h"

#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"

/*
 * The node at a path of a raw record, its names separated by dots, or NULL.
 */
const json_t *
record_member(const Record *record, const char *path)
{
	const json_t *node = record->json != NULL ? record->json->root : NULL;

	while (node != NULL)
	{
		size_t		length = strcspn(path, ".");

		node = json_object_getn(node, path, length);
		if (path[length] == '\0')
			break;
		path += length + 1;
	}
	return node;
}

/*
 * The field of a name, ignoring the case of letters, at the top of a record.
 */
bool
record_field(const Record *record, const char *name, Value *value)
{
	json_t	   *root;

	if (record->json == NULL)
	{
		for (size_t i = 0; i < record->header->nnames; i++)
		{
			if (ascii_strcasecmp(record->header->names[i], name) == 0)
			{
				*value = record->values[i];
				return true;
			}
		}
		return false;
	}
	root = record->json->root;
	for (void *member = json_object_iter(root); member != NULL;
		 member = json_object_iter_next(root, member))
	{
		if (json_object_iter_key_len(member) == strlen(name) &&
			ascii_strcasecmp(json_object_iter_key(member), name) == 0)
		{
			*value = json_value(record->json, json_object_iter_value(member));
			return true;
		}
	}
	return false;
}

/*
 * Is this a record as a diagnostic setting writes it?
 */
bool
record_is_raw(const Record *record)
{
	Value		value;

	return record->json != NULL && !record_field(record, "TimeGenerated", &value);
}

/*
 * The part of a resource id after a name, as in /subscriptions/<part>/; the
 * last one if there are several.
 */
static bool
resource_part(const Value *id, const char *name, Value *part)
{
	const char *end = &id->text[id->length];
	bool		found = false;

	for (const char *p = id->text; p < end;)
	{
		const char *slash = memchr(p, '/', (size_t) (end - p));
		const char *component_end = slash != NULL ? slash : end;
		const char *next = component_end < end ? component_end + 1 : end;

		if ((size_t) (component_end - p) == strlen(name) && ascii_strncasecmp(p, name, strlen(name)) == 0 && next < end)
		{
			const char *next_end = memchr(next, '/', (size_t) (end - next));

			part->kind = VALUE_STRING;
			part->text = next;
			part->length = (size_t) ((next_end != NULL ? next_end : end) - next);
			found = part->length > 0;
		}
		p = next;
	}
	return found;
}

/*
 * A member of a JSON object, which may stand in a string, without blanks
 * around it.
 */
static bool
object_member(RowBuilder *builder, const Value *object, const char *name, Value *member)
{
	const JsonText *json = object->json;
	const json_t *node = object->kind == VALUE_DYNAMIC ? object->node : NULL;

	if (object->kind == VALUE_STRING)
	{
		char	   *error = NULL;
		size_t		error_at;

		if (object->length == 0 || *object->text != '{' ||
			!json_text_parse(&builder->nested, object->text, object->length, &error, &error_at))
		{
			free(error);
			return false;
		}
		json = &builder->nested;
		node = builder->nested.root;
	}
	node = json_object_get(node, name);
	if (node == NULL)
		return false;
	*member = json_value(json, node);
	if (member->kind != VALUE_STRING)
		return false;
	while (member->length > 0 && *member->text == ' ')
	{
		member->text++;
		member->length--;
	}
	while (member->length > 0 && member->text[member->length - 1] == ' ')
		member->length--;
	return member->length > 0;
}

/*
 * Has a text the form of an operation's name, a/b/c?
 */
static bool
is_operation(const Value *value)
{
	return value->kind == VALUE_STRING && value->length > 0 &&
		memchr(value->text, '/', value->length) != NULL &&
		memchr(value->text, ' ', value->length) == NULL;
}

/*
 * The field that a derivation starts from.
 */
static bool
source_field(const Record *record, bool is_raw, const Derivation *d, Value *value)
{
	const json_t *node;

	if (!is_raw)
		return record_field(record, d->named_field, value);
	if (d->raw_field == NULL)
		return false;
	node = record_member(record, d->raw_field);
	if (node != NULL)
		*value = json_value(record->json, node);
	return node != NULL;
}

/*
 * What a derivation makes of a field.
 */
static bool
derive(RowBuilder *builder, const Derivation *d, const Value *source, Value *value)
{
	switch (d->rule)
	{
		case MEMBER:
			return object_member(builder, source, d->member, value);
		case OPERATION:
			*value = *source;
			if (d->member != NULL && !object_member(builder, source, d->member, value))
				return false;
			return is_operation(value);
		case SUBSCRIPTION:
			return source->kind == VALUE_STRING && resource_part(source, "subscriptions", value);
		case RESOURCE_GROUP:
			return source->kind == VALUE_STRING && resource_part(source, "resourceGroups", value);
		case PROVIDER:
			return source->kind == VALUE_STRING && resource_part(source, "providers", value);
		default:
			*value = *source;
			return true;
	}
}

/*
 * Fill the columns for which the record has no field of their own.
 */
bool
derive_columns(RowBuilder *builder, const Record *record)
{
	const ColumnMap *map = builder->map;
	bool		is_raw = record_is_raw(record);

	for (const Derivation *d = derivations; d->column != NULL; d++)
	{
		const FieldEntry *entry;
		Value		source;
		Value		value = {0};
		Cell		converted;
		FieldRule	rule;
		int			column;

		if ((d->tables & map->table) == 0)
			continue;
		entry = field_map_find(&map->named, d->column, strlen(d->column));
		if (entry == NULL)
			continue;
		column = field_entry_column(entry, 0, &rule);
		if (builder->cells[column].length > 0 || !source_field(record, is_raw, d, &source) ||
			!derive(builder, d, &source, &value))
			continue;
		if (!convert_value(builder, &map->columns[column], &value, &converted))
			return false;
		/* what was parsed for this column alone is gone with the next one */
		if (converted.text != NULL)
		{
			builder->cells[column].text = arena_copy(&builder->arena, converted.text, converted.length);
			builder->cells[column].length = converted.length;
		}
	}
	return true;
}
