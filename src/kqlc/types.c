/*-------------------------------------------------------------------------
 *
 * types.c
 *	  Kusto's types, and PostgreSQL's that they become.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "bind.h"

static const struct
{
	const char *name;
	KqlType		type;
	const char *sql_type;
}			types[] = {

	/* the first of a type is its name */
	{"bool", KQL_BOOL, "boolean"},
	{"int", KQL_INT, "integer"},
	{"long", KQL_LONG, "bigint"},
	{"real", KQL_REAL, "double precision"},
	{"decimal", KQL_DECIMAL, "numeric"},
	{"string", KQL_STRING, "pg_catalog.text"},
	{"guid", KQL_GUID, "pg_catalog.uuid"},
	{"datetime", KQL_DATETIME, "timestamp with time zone"},
	{"timespan", KQL_TIMESPAN, "interval"},
	{"dynamic", KQL_DYNAMIC, "pg_catalog.jsonb"},
	{"boolean", KQL_BOOL, NULL},
	{"int32", KQL_INT, NULL},
	{"int64", KQL_LONG, NULL},
	{"double", KQL_REAL, NULL},
	{"uuid", KQL_GUID, NULL},
	{"date", KQL_DATETIME, NULL},
	{"time", KQL_TIMESPAN, NULL},
	{NULL, KQL_NONE, NULL}
};

/*
 * The name of a type.
 */
const char *
kql_type_name(KqlType type)
{
	for (int i = 0; types[i].name != NULL; i++)
	{
		if (types[i].type == type)
			return types[i].name;
	}
	return "unknown";
}

/*
 * The type that SQL has for it, whatever the search_path.
 */
const char *
kql_sql_type(KqlType type)
{
	for (int i = 0; types[i].name != NULL; i++)
	{
		if (types[i].type == type)
			return types[i].sql_type;
	}
	return "pg_catalog.text";
}

/*
 * The type of that name, or KQL_NONE.
 */
KqlType
kql_type_of_name(const char *name)
{
	for (int i = 0; types[i].name != NULL; i++)
	{
		if (strcmp(types[i].name, name) == 0)
			return types[i].type;
	}
	return KQL_NONE;
}

/*
 * Is it a type of numbers?
 */
bool
is_number(KqlType type)
{
	return type == KQL_INT || type == KQL_LONG || type == KQL_REAL ||
		type == KQL_DECIMAL;
}

/*
 * Is it a type of whole numbers?
 */
bool
is_integer(KqlType type)
{
	return type == KQL_INT || type == KQL_LONG;
}

/*
 * The type that values of both can have, or KQL_NONE.
 */
KqlType
common_type(KqlType a, KqlType b)
{
	if (a == b)
		return a;
	if (is_number(a) && is_number(b))
	{
		if (a == KQL_DECIMAL || b == KQL_DECIMAL)
			return KQL_DECIMAL;
		if (a == KQL_REAL || b == KQL_REAL)
			return KQL_REAL;
		return KQL_LONG;
	}
	return KQL_NONE;
}
