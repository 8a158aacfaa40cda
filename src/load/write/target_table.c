/*-------------------------------------------------------------------------
 *
 * target_table.c
 *	  The tables that take the rows.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "write/target_table.h"

#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"
#include "write/failure.h"
#include "write/query.h"

/*
 * A log table is looked up in schema azhunt, and so is another name without a
 * schema.  Where log tables are distributed over servers, they are in schema logs;
 * only those count that belong to the owner of the extension or to a superuser, so
 * that nobody else's triggers run.
 */
static const char *const table_query =
"SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname), c.relkind,"
"       EXISTS (SELECT FROM pg_catalog.pg_trigger AS t"
"               WHERE t.tgrelid = c.oid AND t.tgtype & 69 = 69),"
"       c.relname"
" FROM pg_catalog.pg_class AS c"
" JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
" WHERE c.oid = CASE pg_catalog.array_length(pg_catalog.parse_ident($1), 1)"
"                   WHEN 1 THEN COALESCE(pg_catalog.to_regclass('azhunt.' || $1),"
"                                        (SELECT d.oid FROM pg_catalog.pg_class AS d"
"                                         JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.oid"
"                                         JOIN pg_catalog.pg_roles AS r ON r.oid = d.relowner"
"                                         WHERE d.oid = pg_catalog.to_regclass('logs.' || $1)"
"                                           AND a.attname = 'distribution_key' AND NOT a.attisdropped"
"                                           AND (r.rolsuper OR r.oid = (SELECT e.extowner FROM pg_catalog.pg_extension AS e"
"                                                                       WHERE e.extname = 'azhunt'))))"
"                   WHEN 2 THEN pg_catalog.to_regclass($1)"
"               END";

/*
 * A column of the user's own that has a default, or numbers its rows, is left to that.
 */
static const char *const columns_query =
"SELECT a.attname, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END,"
"       pg_catalog.quote_ident(a.attname)"
" FROM pg_catalog.pg_attribute AS a"
" JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid"
" WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped"
"   AND a.attgenerated = '' AND a.attidentity = ''"
"   AND a.attname NOT IN ('ingestedat', 'ingestxid')"
"   AND (NOT a.atthasdef OR a.attname IN (SELECT l.column_name FROM azhunt.log_table_columns() AS l))"
" ORDER BY a.attnum";

/* The types that are checked before PostgreSQL sees the values. */
static const struct
{
	Oid			oid;
	ColumnType	type;
}			known_types[] =

{
	{25, TYPE_TEXT},
	{1042, TYPE_TEXT},
	{1043, TYPE_TEXT},
	{1184, TYPE_TIME},
	{3802, TYPE_DYNAMIC},
	{114, TYPE_DYNAMIC},
	{20, TYPE_BIGINT},
	{23, TYPE_INTEGER},
	{21, TYPE_SMALLINT},
	{701, TYPE_REAL},
	{16, TYPE_BOOLEAN},
	{0, TYPE_OTHER}
};

/*
 * The columns that may be filled, and their quoted names as a list.
 */
static Column *
read_columns(const PGresult *result, Buffer *list)
{
	Column	   *columns = load_calloc((size_t) PQntuples(result), sizeof(Column));

	for (int i = 0; i < PQntuples(result); i++)
	{
		Oid			type = (Oid) strtoul(PQgetvalue(result, i, 1), NULL, 10);
		size_t		k = 0;

		while (known_types[k].oid != 0 && known_types[k].oid != type)
			k++;
		columns[i].name = load_strdup(PQgetvalue(result, i, 0));
		columns[i].type = known_types[k].type;
		buffer_printf(list, "%s%s", i > 0 ? ", " : "", PQgetvalue(result, i, 2));
	}
	buffer_append_byte(list, '\0');
	return columns;
}

/*
 * The log table that a table of the user's own is like, and is filled like; or
 * NULL.
 */
static const LogTable *
similar_log_table(const Column *columns, int ncolumns)
{
	for (const KnownColumn *known = known_columns; known->column != NULL; known++)
	{
		for (int i = 0; i < ncolumns; i++)
		{
			if (ascii_strcasecmp(columns[i].name, known->column) == 0)
				return known->table;
		}
	}
	return NULL;
}

/*
 * The commands that bring rows in.  COPY cannot fill a view, unless a trigger
 * of the view does, so these rows go through a temporary table.
 */
static void
make_commands(TargetTable *target, const char *columns, bool is_view)
{
	char	   *stage = load_printf("pg_temp.azhunt_load_%d", target->number);

	target->copy_command = load_printf("COPY %s (%s) FROM STDIN",
									   is_view ? stage : target->name, columns);
	if (is_view)
	{
		target->stage_command =
			load_printf("CREATE TEMPORARY TABLE azhunt_load_%d ON COMMIT DROP AS"
						" SELECT %s FROM %s WITH NO DATA",
						target->number, columns, target->name);
		target->insert_command = load_printf("INSERT INTO %s (%s) SELECT %s FROM %s",
											 target->name, columns, columns, stage);
	}
	free(stage);
}

/*
 * Read the columns of a table that was found.
 */
static bool
describe_target(Writer *writer, TargetTable *target, const LogTable *log_table, bool is_view)
{
	const char *parameters[] = {target->oid};
	PGresult   *result = query_or_fail(writer, columns_query, 1, parameters);
	Buffer		list = {0};
	Column	   *columns;
	int			ncolumns;

	if (result == NULL)
		return false;
	ncolumns = PQntuples(result);
	columns = read_columns(result, &list);
	PQclear(result);
	column_map_init(&target->map, log_table != NULL ? log_table : similar_log_table(columns, ncolumns),
					columns, ncolumns);
	make_commands(target, list.data, is_view);
	buffer_free(&list);
	if (target->map.time_column < 0)
	{
		fail_file(writer, load_printf("table %s has no column timegenerated", target->name));
		return false;
	}
	return read_partitions(writer, &target->partitions, target->oid, target->name);
}

/*
 * Look a table up.
 */
static bool
look_up(Writer *writer, TargetTable *target, const char *name, const LogTable *log_table)
{
	const char *parameters[] = {name};
	PGresult   *result = query_or_fail(writer, table_query, 1, parameters);
	bool		is_view;

	if (result == NULL)
		return false;
	if (PQntuples(result) == 0)
	{
		PQclear(result);
		fail_file(writer, log_table != NULL ?
				  load_printf("table azhunt.%s does not exist; SELECT azhunt.create_log_tables() creates it", name) :
				  load_printf("table %s of --table does not exist", name));
		return false;
	}
	target->oid = load_strdup(PQgetvalue(result, 0, 0));
	target->name = load_strdup(PQgetvalue(result, 0, 1));
	is_view = *PQgetvalue(result, 0, 2) == 'v' && *PQgetvalue(result, 0, 3) != 't';
	target->copied_name = is_view ? load_printf("azhunt_load_%d", target->number) :
		load_strdup(PQgetvalue(result, 0, 4));
	PQclear(result);
	return describe_target(writer, target, log_table, is_view);
}

/*
 * A log table's name in lower case.
 */
static char *
fold_name(const char *name)
{
	char	   *folded = load_strdup(name);

	for (char *p = folded; *p != '\0'; p++)
	{
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	}
	return folded;
}

/*
 * The log table that takes records, that of --table for NULL; and its number.
 */
static const LogTable *
numbered_table(const Writer *writer, const LogTable *log_table, int *number)
{
	const char *option = writer->options->table;

	if (log_table == NULL)
		log_table = log_table_by_name(option, strlen(option));
	*number = log_table != NULL ? (int) (log_table - log_tables) : LOG_TABLES;
	return log_table;
}

/*
 * The target that is a log table, or --table for NULL; NULL if it has not been
 * looked up yet.
 */
TargetTable *
known_target(const Writer *writer, const LogTable *log_table)
{
	int			number;

	(void) numbered_table(writer, log_table, &number);
	return writer->targets[number];
}

/*
 * Look a target up; NULL if that fails, which is reported.  No COPY may be in
 * progress.
 */
TargetTable *
find_target(Writer *writer, const LogTable *log_table)
{
	TargetTable *target = load_calloc(1, sizeof(TargetTable));
	char	   *name;

	log_table = numbered_table(writer, log_table, &target->number);
	name = log_table != NULL ? fold_name(log_table->name) : load_strdup(writer->options->table);
	if (look_up(writer, target, name, log_table))
		writer->targets[target->number] = target;
	else
	{
		free_target(target);
		target = NULL;
	}
	free(name);
	return target;
}

/*
 * Count the values that a row lacks though hunts need them, and those that its
 * columns did not take.
 */
void
count_values(TargetTable *target, const RowBuilder *row)
{
	target->misfit_count += row->misfits;
	for (int i = 0; i < MAX_NEEDED; i++)
	{
		int			column = target->map.needed[i];

		if (column >= 0 && row->cells[column].length == 0)
			target->missing_count[i]++;
	}
}

/*
 * Give the memory of a target back.
 */
void
free_target(TargetTable *target)
{
	if (target == NULL)
		return;
	free(target->name);
	free(target->copied_name);
	free(target->oid);
	free(target->copy_command);
	free(target->stage_command);
	free(target->insert_command);
	column_map_free(&target->map);
	buffer_free(&target->rows);
	buffer_free(&target->records);
	free(target->origins);
	free(target->partitions.ranges);
	free(target);
}
