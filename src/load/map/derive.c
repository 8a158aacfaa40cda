/*-------------------------------------------------------------------------
 *
 * derive.c
 *	  Columns that are filled from other fields of a record.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "map/derive.h"

#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"
#include "common/bytes.h"

/*
 * The part of a resource id after a name, as in /subscriptions/<part>/; the
 * last one if there are several.
 */
bool
resource_part(const Value *id, const char *name, Value *part)
{
	const char *end = &id->text[id->length];
	size_t		length = strlen(name);
	bool		found = false;

	for (const char *p = id->text; p < end;)
	{
		const char *slash = memchr(p, '/', (size_t) (end - p));
		const char *component_end = slash != NULL ? slash : end;
		const char *next = component_end < end ? component_end + 1 : end;

		if ((size_t) (component_end - p) == length && texts_match(p, name, length) && next < end)
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
object_member(ValueConverter *converter, const Value *object, const char *name, Value *member)
{
	const JsonText *json = object->json;
	const json_t *node = object->kind == VALUE_DYNAMIC ? object->node : NULL;

	if (object->kind == VALUE_STRING)
	{
		char	   *error = NULL;
		size_t		error_at;

		if (object->length == 0 || *object->text != '{' ||
			!json_text_parse(&converter->nested, object->text, object->length, &error, &error_at))
		{
			free(error);
			return false;
		}
		json = &converter->nested;
		node = converter->nested.root;
	}
	if (!object_field(json, (json_t *) node, name, member) ||
		(member->kind != VALUE_STRING && member->kind != VALUE_NUMBER))
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
 * Leave the identity provider of a personal account out, as in
 * live.com#kim@outlook.com.  A guest's name has #EXT# in its midst, and after it
 * no address.
 */
static bool
strip_provider(Value *name)
{
	const char *end = name->text + name->length;
	const char *sign = memchr(name->text, '#', name->length);

	if (sign == NULL || memchr(name->text, '@', (size_t) (sign - name->text)) != NULL ||
		memchr(sign + 1, '#', (size_t) (end - sign - 1)) != NULL || memchr(sign, '@', (size_t) (end - sign)) == NULL)
		return false;
	name->text = sign + 1;
	name->length = (size_t) (end - name->text);
	return true;
}

/*
 * What the field is called that a derivation starts from, in a record of a shape; or
 * NULL.
 */
static const char *
source_name(const Derivation *d, RecordShape shape)
{
	if (shape == RECORD_LISTED)
		return d->listed_field;
	return shape == RECORD_RAW ? d->raw_field : d->named_field;
}

/*
 * The field that a derivation starts from.
 */
static bool
source_field(const Record *record, const Derivation *d, Value *value)
{
	const char *name = source_name(d, record->shape);
	const json_t *node;

	if (name == NULL)
		return false;
	if (record->shape != RECORD_RAW)
		return record_field(record, name, value);
	node = record_member(record, name);
	if (node != NULL)
		*value = json_value(record->json, node);
	return node != NULL;
}

/*
 * What a derivation makes of a field.
 */
static bool
derive(ValueConverter *converter, const Derivation *d, const Value *source, Value *value)
{
	switch (d->rule)
	{
		case MEMBER:
			return object_member(converter, source, d->member, value);
		case ACCOUNT:
			return object_member(converter, source, d->member, value) && strip_provider(value);
		case OPERATION:
			*value = *source;
			if (d->member != NULL && !object_member(converter, source, d->member, value))
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
derive_columns(ValueConverter *converter, const ColumnMap *map, const Record *record, Cell *cells, FieldTrace *trace)
{
	if (map->table == NULL)
		return true;
	for (const Derivation *d = map->table->derivations; d->column != NULL; d++)
	{
		const FieldEntry *entry;
		Value		source;
		Value		value = {0};
		Cell		converted;
		FieldRule	rule;
		int			column;

		entry = field_map_find(&map->named, d->column, strlen(d->column));
		if (entry == NULL)
			continue;
		column = field_entry_column(entry, 0, &rule);
		if (cells[column].length > 0 || !source_field(record, d, &source) ||
			!derive(converter, d, &source, &value))
			continue;
		converter->field = d->column;
		if (!convert_value(converter, &map->columns[column], &value, &converted))
		{
			if (column_is_strict(map, column))
				return false;
			/* the field that it is derived from keeps it */
			free(converter->error);
			converter->error = NULL;
			continue;
		}
		/* what was parsed for this column alone is gone with the next one */
		if (converted.text != NULL)
		{
			cells[column].text = arena_copy(&converter->arena, converted.text, converted.length);
			cells[column].length = converted.length;
			if (trace != NULL)
				trace->derived(trace, column, source_name(d, record->shape), d->member);
		}
	}
	return true;
}
