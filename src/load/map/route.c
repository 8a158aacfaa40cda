/*-------------------------------------------------------------------------
 *
 * route.c
 *	  The table in which a record belongs.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
/*
 * What the record says counts first, and all of it: a category alone may be that
 * of several services.  What it leaves open, the container in the path decides,
 * then --table, and at last other names in the path.  None of these overrides
 * what the record says.
 */
#include "map/route.h"

#include <stdlib.h>
#include <string.h>

#include "map/evidence.h"
#include "map/value.h"

#define ALL_TABLES	((1U << LOG_TABLES) - 1)

/*
 * Are there several?
 */
static bool
are_several(unsigned tables)
{
	return (tables & (tables - 1)) != 0;
}

/*
 * Nobody can tell where a record belongs.
 */
static void
route_nowhere(Route *route, char *error)
{
	route->kind = ROUTE_NOWHERE;
	route->error = error;
}

/*
 * A record of a log that azhunt has no table for.  A table of the user's own may
 * take it.
 */
static void
route_without_table(Route *route, const Record *record, const Value *name, bool own_table, bool known_name)
{
	Value		provider;
	char	   *quoted = quote_for_message(name->text, name->length);
	bool		has_provider = known_name && provider_of_record(record, &provider);

	route->kind = own_table ? ROUTE_OTHER_TABLE : ROUTE_NO_TABLE;
	route->log = load_strndup(name->text, name->length);
	route->error = load_printf("there is no log table for %s%s%.*s; --skip-unknown leaves such records out",
							   quoted, has_provider ? " of " : known_name ? " with such an operation or resource" : "",
							   has_provider ? (int) provider.length : 0, has_provider ? provider.text : "");
	free(quoted);
}

/*
 * A record of which two fields, or whose hints at a service, are of different
 * tables.
 */
static void
route_contradiction(Route *route, const NamedLog *log)
{
	char	   *quoted = quote_for_message(log->name.text, log->name.length);
	char	   *other = log->contradicts ? quote_for_message(log->other_name.text, log->other_name.length) : NULL;

	route_nowhere(route, other != NULL ?
				  load_printf("record contradicts itself: it is of %s, but its %s is %s", quoted, log->other_field, other) :
				  load_printf("record contradicts itself: %s of which service?  serviceType, resourceType and resourceId differ", quoted));
	free(quoted);
	free(other);
}

/*
 * The record leaves several tables, and --table decides.
 */
static void
route_by_option(Route *route, const Record *record, unsigned tables, const char *option)
{
	const LogTable *table = log_table_by_name(option, strlen(option));
	const char *foreign = NULL;

	if (table == NULL)
	{
		route->kind = ROUTE_OTHER_TABLE;
		return;
	}
	foreign = foreign_column(table, record);
	if ((tables & table->bit) != 0 && foreign == NULL)
	{
		route->kind = ROUTE_LOG_TABLE;
		route->table = table;
	}
	else if (foreign != NULL)
		route_nowhere(route, load_printf("record is not of %s, which --table says: that has no column %s", table->name, foreign));
	else
		route_nowhere(route, load_printf("record is not of %s, which --table says: its category, resource or container is of other tables", table->name));
}

/*
 * The record leaves several tables, and there is no --table.
 */
static void
route_by_path(Route *route, const Record *record, unsigned tables, const char *path)
{
	const LogTable *table = log_table_in_path(path);

	if (table != NULL && (tables & table->bit) != 0)
	{
		route->kind = ROUTE_LOG_TABLE;
		route->table = table;
	}
	else if (table != NULL)
		route_nowhere(route, load_printf("record is not of %s, as which the path names it", table->name));
	else if (!record_has_time(record))
		route_nowhere(route, load_strdup(NO_TIME));
	else
		route_nowhere(route, load_strdup("neither the record nor the path says which table this is; say it with --table"));
}

/*
 * Find the table of a record.
 */
void
route_record(const Record *record, const char *path, const char *option, Route *route)
{
	NamedLog	log = log_of_record(record);
	unsigned	tables = log.named ? log.tables : tables_of_container(path);
	bool		own_table = option != NULL && log_table_by_name(option, strlen(option)) == NULL;
	bool		open = tables == 0;
	bool		contradicts = log.contradicts;
	unsigned	in_container;

	memset(route, 0, sizeof(*route));
	if (log.named && tables == 0)
	{
		route_without_table(route, record, &log.name, own_table, false);
		return;
	}
	tables = leave_out_other_resources(open ? ALL_TABLES : tables, record);
	tables = leave_out_other_operations(tables, record);
	if (log.named && tables == 0)
	{
		route_without_table(route, record, &log.name, own_table, true);
		return;
	}
	if (are_several(tables) && !open)
	{
		tables = choose_by_service(tables, record, path, &contradicts);
		tables = choose_by_columns(tables, record);
		in_container = tables_of_container(path);
		if ((tables & in_container) != 0)
			tables &= in_container;
	}
	if (contradicts)
		route_contradiction(route, &log);
	else if (!open && tables != 0 && !are_several(tables))
	{
		route->kind = ROUTE_LOG_TABLE;
		route->table = log_table_of_bit(tables);
	}
	else if (option != NULL)
		route_by_option(route, record, tables, option);
	else
		route_by_path(route, record, tables, path);
}

/*
 * Give the memory of a route back.
 */
void
route_free(Route *route)
{
	free(route->log);
	free(route->error);
}
