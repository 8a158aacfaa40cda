/*-------------------------------------------------------------------------
 *
 * localized.c
 *	  Objects {value, localizedValue}, as the REST API writes texts that it
 *	  has for programs and for people.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "map/localized.h"

#include "common/ascii.h"

/*
 * Is this such an object?
 */
bool
is_localized(const json_t *node)
{
	json_t	   *object = (json_t *) node;
	bool		has_value = false;

	for (void *member = json_object_iter(object); member != NULL;
		 member = json_object_iter_next(object, member))
	{
		const json_t *value = json_object_iter_value(member);

		if (!json_is_integer(value) && !json_is_null(value))
			return false;
		if (ascii_strcasecmp(json_object_iter_key(member), "value") == 0)
			has_value = true;
		else if (ascii_strcasecmp(json_object_iter_key(member), "localizedValue") != 0)
			return false;
	}
	return has_value;
}

/*
 * What such an object says to programs; of another value, the value itself.
 */
Value
localized_value(const JsonText *json, const json_t *node)
{
	json_t	   *object = (json_t *) node;

	if (!is_localized(node))
		return json_value(json, node);
	for (void *member = json_object_iter(object); member != NULL;
		 member = json_object_iter_next(object, member))
	{
		if (ascii_strcasecmp(json_object_iter_key(member), "value") == 0)
			return json_value(json, json_object_iter_value(member));
	}
	return json_value(json, node);
}
