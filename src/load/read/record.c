/*-------------------------------------------------------------------------
 *
 * record.c
 *	  One record of a file, and what it says.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "read/record.h"

#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"

/* PostgreSQL's tables have at most 1,600, and those of Log Analytics fewer */
#define MAX_COLUMNS	2000

const char *const other_time_names[] = {"createdDateTime", "activityDateTime", "eventTimestamp", NULL};

/*
 * A node of a tree as the value of a field.
 */
Value
json_value(const JsonText *json, const json_t *node)
{
	Value		value = {.node = node,.json = json};
	const Token *token;

	switch (json_typeof(node))
	{
		case JSON_NULL:
			value.kind = VALUE_NULL;
			break;
		case JSON_INTEGER:
			token = json_text_token(json, node);
			value.kind = token->kind == TOKEN_STRING ? VALUE_STRING : VALUE_NUMBER;
			value.text = token->text;
			value.length = token->length;
			break;
		case JSON_TRUE:
		case JSON_FALSE:
			value.kind = VALUE_BOOLEAN;
			value.text = json_is_true(node) ? "true" : "false";
			value.length = strlen(value.text);
			break;
		default:
			value.kind = VALUE_DYNAMIC;
			break;
	}
	return value;
}

/*
 * The name of a column, without the " [UTC]" that the portal adds.
 */
char *
header_name(const char *name, size_t length)
{
	static const char suffix[] = " [UTC]";
	size_t		suffix_length = strlen(suffix);

	if (length > suffix_length &&
		ascii_strncasecmp(name + length - suffix_length, suffix, suffix_length) == 0)
		length -= suffix_length;
	return load_strndup(name, length);
}

/*
 * Has a header this name?
 */
bool
header_has_name(const Header *header, const char *name)
{
	for (size_t i = 0; i < header->nnames; i++)
	{
		if (ascii_strcasecmp(header->names[i], name) == 0)
			return true;
	}
	return false;
}

/*
 * Are these the headings of the Entra portal's downloads?
 */
bool
header_is_of_portal(const Header *header)
{
	return (header_has_name(header, "Date (UTC)") || header_has_name(header, "Date")) &&
		(header_has_name(header, "Request ID") || (header_has_name(header, "CorrelationId") && header_has_name(header, "Activity")));
}

/*
 * Has a header the one column that every log table has, or what serves for it?
 */
bool
header_has_time(const Header *header)
{
	for (size_t i = 0; other_time_names[i] != NULL; i++)
	{
		if (header_has_name(header, other_time_names[i]))
			return true;
	}
	return header_has_name(header, "TimeGenerated") || header_is_of_portal(header);
}

/*
 * Say what is wrong with the names of a header, or NULL: that they are too many, or
 * that one of them occurs twice, unless they may.
 */
char *
header_problem(const Header *header, bool may_repeat)
{
	if (header->nnames > MAX_COLUMNS)
		return load_printf("there are %zu columns, and no log has more than %d", header->nnames, MAX_COLUMNS);
	if (may_repeat)
		return NULL;
	for (size_t i = 0; i < header->nnames; i++)
	{
		for (size_t j = 0; j < i; j++)
		{
			if (ascii_strcasecmp(header->names[i], header->names[j]) == 0)
				return load_printf("column \"%s\" occurs twice", header->names[i]);
		}
	}
	return NULL;
}

/*
 * Name the columns that have no name by their place, so that no value of theirs is
 * lost among others.
 */
void
header_name_all(Header *header)
{
	for (size_t i = 0; i < header->nnames; i++)
	{
		if (*header->names[i] != '\0')
			continue;
		free(header->names[i]);
		header->names[i] = load_printf("column %zu", i + 1);
	}
}

/*
 * Give the memory of a header's names back.
 */
void
header_free(Header *header)
{
	for (size_t i = 0; i < header->nnames; i++)
		free(header->names[i]);
	free(header->names);
	memset(header, 0, sizeof(*header));
}

/*
 * The record that a JSON object is.  One with the names of columns has the one
 * column that every log table has; one that is listed has neither that nor the
 * time of raw records.
 */
Record
record_of_object(const JsonText *json)
{
	Record		record = {.shape = RECORD_NAMED,.json = json};
	Value		value;

	if (record_field(&record, "TimeGenerated", &value))
		return record;
	record.shape = RECORD_RAW;
	if (json_object_get(json->root, "time") != NULL)
		return record;
	for (size_t i = 0; other_time_names[i] != NULL; i++)
	{
		if (record_field(&record, other_time_names[i], &value))
			record.shape = RECORD_LISTED;
	}
	return record;
}

/*
 * The record that has a value for each name of a header.
 */
Record
record_of_values(RecordShape shape, const Header *header, const Value *values)
{
	Record		record = {.shape = shape,.header = header,.values = values};

	return record;
}

/*
 * The node at a path of a record that is an object, the names separated by dots,
 * or NULL.
 */
const json_t *
record_member(const Record *record, const char *path)
{
	const json_t *node = record_is_object(record) ? record->json->root : NULL;

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
 * The member of a name, ignoring the case of letters, of an object.
 */
bool
object_field(const JsonText *json, json_t *object, const char *name, Value *value)
{
	size_t		length = strlen(name);

	for (void *member = json_object_iter(object); member != NULL;
		 member = json_object_iter_next(object, member))
	{
		if (json_object_iter_key_len(member) == length &&
			ascii_strcasecmp(json_object_iter_key(member), name) == 0)
		{
			*value = json_value(json, json_object_iter_value(member));
			return true;
		}
	}
	return false;
}

/*
 * The field of a name, ignoring the case of letters, at the top of a record.
 */
bool
record_field(const Record *record, const char *name, Value *value)
{
	if (!record_is_object(record))
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
	return object_field(record->json, record->json->root, name, value);
}

/*
 * Has a record a time, at its top or in its properties?
 */
bool
record_has_time(const Record *record)
{
	json_t	   *properties = (json_t *) record_member(record, "properties");
	Value		value;

	if (record->shape != RECORD_RAW || record_field(record, "time", &value))
		return true;
	for (size_t i = 0; other_time_names[i] != NULL; i++)
	{
		if (object_field(record->json, properties, other_time_names[i], &value))
			return true;
	}
	return false;
}
