/*-------------------------------------------------------------------------
 *
 * route.c
 *	  The table in which a record belongs.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "map/route.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/ascii.h"
#include "map/derive.h"
#include "map/value.h"

/*
 * A field that is a text which is not empty.
 */
static bool
text_field(const Record *record, const char *name, Value *value)
{
	return record_field(record, name, value) &&
		value->kind == VALUE_STRING && value->length > 0;
}

/*
 * The text of a node at a path of a record.
 */
static bool
text_member(const Record *record, const char *path, Value *value)
{
	const json_t *node = record_member(record, path);

	if (node == NULL)
		return false;
	*value = json_value(record->json, node);
	return value->kind == VALUE_STRING;
}

/*
 * The tables of the service that a record is from, as far as it says.
 */
static unsigned
tables_of_record_service(const Record *record)
{
	static const char *const paths[] = {"properties.serviceType", "resourceType", "resourceId"};
	static const char *const names[] = {"ServiceType", "_ResourceId"};
	Value		hint;
	unsigned	tables = 0;

	for (size_t i = 0; tables == 0 && i < sizeof(paths) / sizeof(paths[0]); i++)
	{
		if (text_member(record, paths[i], &hint))
			tables = tables_of_service(hint.text, hint.length);
	}
	for (size_t i = 0; tables == 0 && i < sizeof(names) / sizeof(names[0]); i++)
	{
		if (text_field(record, names[i], &hint))
			tables = tables_of_service(hint.text, hint.length);
	}
	return tables;
}

/*
 * The tables that a record names, and in *name what it calls them.
 */
static unsigned
tables_of_record(const Record *record, Value *name)
{
	static const char *const names[] = {"$table", "Type", "TableName"};
	const LogTable *table;
	unsigned	tables;

	for (size_t i = 0; record->shape != RECORD_RAW && i < sizeof(names) / sizeof(names[0]); i++)
	{
		if (!text_field(record, names[i], name))
			continue;
		table = log_table_by_name(name->text, name->length);
		if (table != NULL)
			return table->bit;
		if (i < 2)
			return 0;
		name->length = 0;
	}
	if (!text_field(record, "category", name) && !text_field(record, "CategoryValue", name))
	{
		name->length = 0;
		return 0;
	}
	tables = tables_of_category(name->text, name->length);
	/* the category of a record that is not raw may be anything */
	if (tables == 0 && record->shape != RECORD_RAW)
		name->length = 0;
	return tables;
}

/*
 * Does a record's resource belong to another provider than this?
 */
static bool
is_of_other_provider(const Record *record, const char *provider)
{
	Value		id;
	Value		part;

	return text_member(record, "resourceId", &id) && resource_part(&id, "providers", &part) &&
		(part.length != strlen(provider) || ascii_strncasecmp(part.text, provider, part.length) != 0);
}

/*
 * Leave out the tables of other providers, whose services may have a category
 * of the same name.
 */
static unsigned
leave_out_other_providers(unsigned tables, const Record *record)
{
	for (int i = 0; i < LOG_TABLES; i++)
	{
		if ((tables & log_tables[i].bit) != 0 && log_tables[i].provider != NULL &&
			is_of_other_provider(record, log_tables[i].provider))
			tables &= ~log_tables[i].bit;
	}
	return tables;
}

/*
 * Of several tables that have a category in common, those of the service.
 */
static unsigned
choose_by_service(unsigned tables, const Record *record, const char *path)
{
	unsigned	chosen = tables_of_record_service(record);

	if (chosen == 0)
		chosen = tables_of_service(path, strlen(path));
	if (chosen == 0 && log_table_in_path(path) != NULL)
		chosen = log_table_in_path(path)->bit;
	return tables & chosen;
}

/*
 * Say why a record has no table.
 */
static char *
describe_unknown(const Value *name)
{
	char	   *quoted;
	char	   *error;

	if (name->length == 0)
		return load_strdup("neither the record nor the path says which table this is; say it with --table");
	quoted = quote_for_message(name->text, name->length);
	error = load_printf("there is no log table for %s; give one with --table", quoted);
	free(quoted);
	return error;
}

/*
 * Find the table of a record: by what the record says, by the container in the
 * path, by --table, and at last by other names in the path.
 */
Route
route_record(const Record *record, const char *path, bool has_other_table,
			 const LogTable **table, char **error)
{
	Value		name = {0};
	unsigned	tables = tables_of_record(record, &name);

	if (tables == 0 && name.length == 0)
		tables = tables_of_container(path);
	tables = leave_out_other_providers(tables, record);
	if ((tables & (tables - 1)) != 0)
		tables = choose_by_service(tables, record, path);
	if (tables == 0 && has_other_table)
		return ROUTE_OTHER_TABLE;
	*table = log_table_of_bit(tables);
	if (*table == NULL && name.length == 0)
		*table = log_table_in_path(path);
	if (*table != NULL)
		return ROUTE_LOG_TABLE;
	*error = describe_unknown(&name);
	return ROUTE_NOWHERE;
}
