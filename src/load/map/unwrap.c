/*-------------------------------------------------------------------------
 *
 * unwrap.c
 *	  Objects of raw records that were written as strings.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
/*
 * What hands logs on, such as Logstash or a function of one's own, often writes
 * {"properties": "{\"ipAddress\": ...}"}.  Such a record is written anew, with
 * the objects as objects, and parsed again.
 */
#include "map/unwrap.h"

#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"

typedef struct Container Container;

/* An object of raw records, and those within it. */
struct Container
{
	const char *name;
	size_t		length;			/* of name */
	const Container *inner;
};

static const Container identity_containers[] = {
	{"authorization", 13, NULL}, {"claims", 6, NULL}, {"requester", 9, NULL}, {NULL, 0, NULL}
};

static const Container containers[] = {
	{"identity", 8, identity_containers}, {"properties", 10, NULL}, {NULL, 0, NULL}
};

static void append_object(Buffer *out, const JsonText *json, json_t *object, const Container *inner);

/*
 * The container of a name, or NULL.
 */
static const Container *
find_container(const Container *known, const char *name, size_t length)
{
	for (; known != NULL && known->name != NULL; known++)
	{
		if (known->length == length && ascii_strcasecmp(known->name, name) == 0)
			return known;
	}
	return NULL;
}

/*
 * Is this a string that starts as an object does?
 */
static bool
may_hold_object(const JsonText *json, const json_t *node)
{
	Value		value;
	size_t		i = 0;

	if (!json_is_integer(node))
		return false;
	value = json_value(json, node);
	while (i < value.length && strchr(" \t\r\n", value.text[i]) != NULL)
		i++;
	return value.kind == VALUE_STRING && i < value.length && value.text[i] == '{';
}

/*
 * Does an object have a string where it should have an object?  Azure's spelling
 * is looked for, which is fast: each record is asked.
 */
static bool
has_wrapped(const JsonText *json, const json_t *object, const Container *known)
{
	for (; known->name != NULL; known++)
	{
		const json_t *node = json_object_getn(object, known->name, known->length);

		if (node != NULL &&
			(may_hold_object(json, node) ||
			 (known->inner != NULL && has_wrapped(json, node, known->inner))))
			return true;
	}
	return false;
}

/*
 * Write the value of a container.
 */
static void
append_container(Buffer *out, const JsonText *json, json_t *node, const Container *container)
{
	JsonText	nested = {0};
	Value		value = json_value(json, node);
	char	   *error = NULL;
	size_t		error_at;

	if (json_is_object(node))
		append_object(out, json, node, container->inner);
	else if (may_hold_object(json, node) &&
			 json_text_parse(&nested, value.text, value.length, &error, &error_at))
		append_object(out, &nested, nested.root, container->inner);
	else
		(void) json_text_dump(json, node, out);
	free(error);
	json_text_free(&nested);
}

/*
 * Write an object, the containers in it as objects.
 */
static void
append_object(Buffer *out, const JsonText *json, json_t *object, const Container *inner)
{
	bool		first = true;

	buffer_append_byte(out, '{');
	for (void *member = json_object_iter(object); member != NULL;
		 member = json_object_iter_next(object, member))
	{
		const char *name = json_object_iter_key(member);
		const Container *container = find_container(inner, name, strlen(name));

		if (!first)
			buffer_append_byte(out, ',');
		first = false;
		dump_json_string(out, name, strlen(name));
		buffer_append_byte(out, ':');
		if (container != NULL)
			append_container(out, json, json_object_iter_value(member), container);
		else
			(void) json_text_dump(json, json_object_iter_value(member), out);
	}
	buffer_append_byte(out, '}');
}

/*
 * A record without strings where objects should be: most often the record itself.
 */
const Record *
unwrap_record(Unwrapper *unwrapper, const Record *record)
{
	char	   *error = NULL;
	size_t		error_at;

	if (record->shape != RECORD_RAW || !has_wrapped(record->json, record->json->root, containers))
		return record;
	unwrapper->text.length = 0;
	append_object(&unwrapper->text, record->json, record->json->root, containers);
	if (!json_text_parse(&unwrapper->json, unwrapper->text.data, unwrapper->text.length, &error, &error_at))
	{
		free(error);
		return record;
	}
	unwrapper->record = *record;
	unwrapper->record.json = &unwrapper->json;
	return &unwrapper->record;
}

/*
 * Give all memory back.
 */
void
unwrapper_free(Unwrapper *unwrapper)
{
	json_text_free(&unwrapper->json);
	buffer_free(&unwrapper->text);
}
