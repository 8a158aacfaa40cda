/*-------------------------------------------------------------------------
 *
 * partitions.c
 *	  Daily partitions ahead of the rows.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
/*
 * Partitions are added on a connection of its own, before the rows of a day are
 * sent.  The lock on the default partition is then held for a moment and not for
 * the whole file.  A partition stays, empty, if the file is not loaded in the
 * end.
 *
 * Our own transaction must not hold a lock on the default partition meanwhile,
 * or we would wait for ourselves.  So once a row of a file has gone there, no
 * partitions are added to this table for the rest of the file.
 *
 * Nor must two jobs wait for each other, which the server cannot see: each
 * session that waits is that of another process's second connection.  So who
 * holds a lock on any default partition waits for none: it tries, and if others
 * use that default partition the rows of the day go there as well.  All others
 * wait a few seconds.  What is in the default partition moves when partitions
 * of its days are added later, as by the next file with rows of such a day.
 */
#include "write/partitions.h"

#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/messages.h"
#include "map/times.h"
#include "write/cause.h"
#include "write/query.h"

/* a file with more days than this is odd; the rest goes where it may */
#define MAX_NEW_DAYS	400

/* days outside these years, likewise; in days since 1970 */
#define FIRST_DAY	0
#define LAST_DAY	84006		/* 2199-12-31 */

/* milliseconds to wait for others who use a default partition */
#define PATIENCE	"5000"
#define NO_PATIENCE	"1"

/*
 * Is the table partitioned by time, and who may add partitions?  The owner has a
 * function for all tables; others, one for the log tables.
 */
static const char *const partitioned_query =
"SELECT pg_catalog.pg_has_role(c.relowner, 'USAGE')"
"       OR c.relnamespace <> 'azhunt'::pg_catalog.regnamespace"
"       OR c.relname NOT IN (SELECT s.log_table FROM azhunt.log_table_schemas() AS s)"
" FROM pg_catalog.pg_partitioned_table AS p"
" JOIN pg_catalog.pg_class AS c ON c.oid = p.partrelid"
" JOIN pg_catalog.pg_attribute AS a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]"
" WHERE p.partrelid = $1::pg_catalog.oid AND p.partstrat = 'r' AND p.partnatts = 1"
"   AND a.attname = 'timegenerated' AND a.atttypid = 1184";

static const char *const bounds_query =
"SELECT pg_catalog.floor(extract(epoch FROM GREATEST(b.since, '0001-01-01 00:00:00+00')) / 86400)::bigint,"
"       pg_catalog.ceil(extract(epoch FROM LEAST(b.until, '9999-12-31 00:00:00+00')) / 86400)::bigint"
" FROM azhunt.partition_bounds($1::pg_catalog.oid::pg_catalog.regclass) AS b";

static const char *const patience_query =
"SELECT pg_catalog.set_config('lock_timeout', $1, false)";

static const char *const owner_query =
"SELECT FROM azhunt.add_partitions($1::pg_catalog.oid::pg_catalog.regclass,"
" $2::pg_catalog.date, $2::pg_catalog.date + 1)";

static const char *const loader_query =
"SELECT FROM pg_catalog.pg_class AS c,"
" azhunt.add_log_partitions(c.relname::pg_catalog.text, $2::pg_catalog.date, $2::pg_catalog.date + 1)"
" WHERE c.oid = $1::pg_catalog.oid";

/*
 * Remember that days have partitions.
 */
static void
add_range(DayPartitions *partitions, int64_t first, int64_t end)
{
	partitions->ranges = load_realloc(partitions->ranges, (partitions->nranges + 1) * sizeof(DayRange));
	partitions->ranges[partitions->nranges].first = first;
	partitions->ranges[partitions->nranges].end = end;
	partitions->nranges++;
}

/*
 * Read which days of a table have partitions; its object identifier and name
 * must stay where they are.
 */
bool
read_partitions(Writer *writer, DayPartitions *partitions, const char *table_oid, const char *table_name)
{
	const char *parameters[] = {table_oid};
	PGresult   *result;

	partitions->table_oid = table_oid;
	partitions->table_name = table_name;
	if (writer->options->no_partitions)
		return true;
	result = query_or_fail(writer, partitioned_query, 1, parameters);
	if (result == NULL)
		return false;
	partitions->by_day = PQntuples(result) > 0;
	if (partitions->by_day)
		partitions->add_query = *PQgetvalue(result, 0, 0) == 't' ? owner_query : loader_query;
	PQclear(result);
	if (!partitions->by_day)
		return true;
	result = query_or_fail(writer, bounds_query, 1, parameters);
	if (result == NULL)
		return false;
	partitions->nranges = 0;
	for (int i = 0; i < PQntuples(result); i++)
		add_range(partitions, strtoll(PQgetvalue(result, i, 0), NULL, 10),
				  strtoll(PQgetvalue(result, i, 1), NULL, 10));
	PQclear(result);
	return true;
}

/*
 * Has a day a partition?  Rows mostly come in the order of time, so the range
 * that was found last is looked at first.
 */
static bool
has_partition(DayPartitions *partitions, int64_t day)
{
	for (size_t i = partitions->nranges; i > 0; i--)
	{
		DayRange	range = partitions->ranges[i - 1];

		if (day < range.first || day >= range.end)
			continue;
		partitions->ranges[i - 1] = partitions->ranges[partitions->nranges - 1];
		partitions->ranges[partitions->nranges - 1] = range;
		return true;
	}
	return false;
}

/*
 * Must the partition of a day be added before its rows are sent?
 */
bool
lacks_partition(DayPartitions *partitions, int64_t day)
{
	if (!partitions->by_day || partitions->to_default || has_partition(partitions, day))
		return false;
	if (day < FIRST_DAY || day > LAST_DAY || partitions->new_days >= MAX_NEW_DAYS)
		partitions->to_default = true;
	return !partitions->to_default;
}

/*
 * The connection for partitions; NULL if there is none.
 */
static PGconn *
partition_connection(Writer *writer)
{
	if (writer->partition_connection != NULL && PQstatus(writer->partition_connection) == CONNECTION_BAD)
	{
		PQfinish(writer->partition_connection);
		writer->partition_connection = NULL;
	}
	if (writer->partition_connection == NULL)
		writer->partition_connection = connect_to_server(writer->server);
	return writer->partition_connection;
}

/*
 * Ask the server once for the partition of a day; NULL if nobody answers.
 */
static PGresult *
ask_for_partition(Writer *writer, const DayPartitions *partitions, const char *date, bool may_wait)
{
	const char *patience[] = {may_wait && !partitions->hasty ? PATIENCE : NO_PATIENCE};
	const char *parameters[] = {partitions->table_oid, date};
	PGconn	   *connection = partition_connection(writer);
	PGresult   *result;

	if (connection == NULL)
		return NULL;
	result = run_query(connection, patience_query, 1, patience);
	if (result_ok(result))
	{
		PQclear(result);
		result = run_query(connection, partitions->add_query, 2, parameters);
	}
	if (PQstatus(connection) == CONNECTION_BAD)
	{
		PQclear(result);
		return NULL;
	}
	return result;
}

/*
 * Say why a day has no partition, and decide about later ones.
 */
static void
refuse_day(DayPartitions *partitions, const char *date, const PGresult *result)
{
	const char *state = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	const char *primary = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	const char *detail = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL) : NULL;

	if (state == NULL || primary == NULL)
		report_warning("no partition of %s for %s, rows go to the default partition:"
					   " no connection for partitions", partitions->table_name, date);
	/* not a day of Azure's, so that not even the owner wants it */
	else if (strcmp(state, "22023") == 0)
		return;
	else if (strncmp(state, "55", 2) == 0 || strncmp(state, "40", 2) == 0)
	{
		report_warning("no partition of %s for %s, rows go to the default partition: %s%s%s",
					   partitions->table_name, date, primary, detail != NULL ? ": " : "", detail != NULL ? detail : "");
		/* who is in the way now is so for the next file as well */
		partitions->hasty = true;
	}
	else
	{
		report_warning("no daily partitions are added to %s: %s%s%s",
					   partitions->table_name, primary, detail != NULL ? ": " : "", detail != NULL ? detail : "");
		partitions->by_day = false;
	}
}

/*
 * Add the partition of a day.  If that is impossible, the default partition is
 * there to take the rows.  We may wait for others who use that one if our own
 * transaction uses none.
 */
void
add_partition(Writer *writer, DayPartitions *partitions, int64_t day, bool may_wait)
{
	char		date[TIME_TEXT_LENGTH];
	PGresult   *result;

	format_day(day, date);
	result = ask_for_partition(writer, partitions, date, may_wait);
	/* a connection that was lost meanwhile can be replaced */
	if (result == NULL && writer->partition_connection != NULL)
		result = ask_for_partition(writer, partitions, date, may_wait);
	if (result != NULL && result_ok(result))
	{
		partitions->hasty = false;
		partitions->new_days++;
		add_range(partitions, day, day + 1);
	}
	else
	{
		refuse_day(partitions, date, result);
		partitions->to_default = true;
	}
	PQclear(result);
}

/*
 * Is an error about the bounds of a partition of a table, which have changed
 * since the COPY began?  An error about the table itself is that a row has no
 * partition at all.
 */
bool
is_about_partition(const DayPartitions *partitions, const PGresult *result)
{
	const char *schema = PQresultErrorField(result, PG_DIAG_SCHEMA_NAME);
	const char *table = PQresultErrorField(result, PG_DIAG_TABLE_NAME);
	char	   *name;
	bool		of_table;

	if (error_cause(PQresultErrorField(result, PG_DIAG_SQLSTATE),
					PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME)) != CAUSE_PARTITION ||
		schema == NULL || table == NULL)
		return false;
	name = load_printf("%s.%s", schema, table);
	of_table = strcmp(name, partitions->table_name) == 0;
	free(name);
	return !of_table;
}
