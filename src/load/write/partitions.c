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
#include "write/cause.h"
#include "load.h"

#include <stdlib.h>
#include <string.h>

#include "map/times.h"

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
add_range(Target *target, int64_t first, int64_t end)
{
	target->ranges = load_realloc(target->ranges, (target->nranges + 1) * sizeof(DayRange));
	target->ranges[target->nranges].first = first;
	target->ranges[target->nranges].end = end;
	target->nranges++;
}

/*
 * Read which days have partitions.
 */
bool
read_partitions(Loader *loader, Target *target)
{
	const char *parameters[] = {target->oid};
	PGresult   *result;

	if (loader->options->no_partitions)
		return true;
	result = run_query(loader->connection, partitioned_query, 1, parameters);
	target->by_day = result_ok(result) && PQntuples(result) > 0;
	if (target->by_day)
	{
		target->add_query = *PQgetvalue(result, 0, 0) == 't' ? owner_query : loader_query;
		PQclear(result);
		result = run_query(loader->connection, bounds_query, 1, parameters);
	}
	if (!result_ok(result))
	{
		fail_connection(loader, result);
		PQclear(result);
		return false;
	}
	target->nranges = 0;
	for (int i = 0; target->by_day && i < PQntuples(result); i++)
		add_range(target, strtoll(PQgetvalue(result, i, 0), NULL, 10),
				  strtoll(PQgetvalue(result, i, 1), NULL, 10));
	PQclear(result);
	return true;
}

/*
 * Has a day a partition?  Rows mostly come in the order of time, so the range
 * that was found last is looked at first.
 */
static bool
has_partition(Target *target, int64_t day)
{
	for (size_t i = target->nranges; i > 0; i--)
	{
		DayRange	range = target->ranges[i - 1];

		if (day < range.first || day >= range.end)
			continue;
		target->ranges[i - 1] = target->ranges[target->nranges - 1];
		target->ranges[target->nranges - 1] = range;
		return true;
	}
	return false;
}

/*
 * Does our own transaction keep others from locking some default partition?
 */
static bool
uses_default_partition(const Loader *loader)
{
	for (int i = 0; i < COUNTED_TABLES; i++)
	{
		const Target *target = loader->targets[i];

		if (target != NULL && target->row_count > 0 && (target->to_default || !target->by_day))
			return true;
	}
	return false;
}

/*
 * The connection for partitions; NULL if there is none.
 */
static PGconn *
partition_connection(Loader *loader)
{
	if (loader->partition_connection != NULL && PQstatus(loader->partition_connection) == CONNECTION_BAD)
	{
		PQfinish(loader->partition_connection);
		loader->partition_connection = NULL;
	}
	if (loader->partition_connection == NULL)
		loader->partition_connection = connect_to_server(loader->options);
	return loader->partition_connection;
}

/*
 * Ask the server once for the partition of a day; NULL if nobody answers.
 */
static PGresult *
ask_for_partition(Loader *loader, const Target *target, const char *date)
{
	const char *patience[] = {target->hasty || uses_default_partition(loader) ? NO_PATIENCE : PATIENCE};
	const char *parameters[] = {target->oid, date};
	PGconn	   *connection = partition_connection(loader);
	PGresult   *result;

	if (connection == NULL)
		return NULL;
	result = run_query(connection, patience_query, 1, patience);
	if (result_ok(result))
	{
		PQclear(result);
		result = run_query(connection, target->add_query, 2, parameters);
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
refuse_day(Target *target, const char *date, const PGresult *result)
{
	const char *state = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	const char *primary = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	const char *detail = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL) : NULL;

	if (state == NULL || primary == NULL)
		report_warning("no partition of %s for %s, rows go to the default partition:"
					   " no connection for partitions", target->name, date);
	/* not a day of Azure's, so that not even the owner wants it */
	else if (strcmp(state, "22023") == 0)
		return;
	else if (strncmp(state, "55", 2) == 0 || strncmp(state, "40", 2) == 0)
	{
		report_warning("no partition of %s for %s, rows go to the default partition: %s%s%s",
					   target->name, date, primary, detail != NULL ? ": " : "", detail != NULL ? detail : "");
		/* who is in the way now is so for the next file as well */
		target->hasty = true;
	}
	else
	{
		report_warning("no daily partitions are added to %s: %s%s%s",
					   target->name, primary, detail != NULL ? ": " : "", detail != NULL ? detail : "");
		target->by_day = false;
	}
}

/*
 * Add the partition of a day.  If that is impossible, the default partition is
 * there to take the rows.
 */
static bool
add_partition(Loader *loader, Target *target, int64_t day)
{
	char		date[TIME_TEXT_LENGTH];
	PGresult   *result;
	bool		added;

	format_day(day, date);
	result = ask_for_partition(loader, target, date);
	/* a connection that was lost meanwhile can be replaced */
	if (result == NULL && loader->partition_connection != NULL)
		result = ask_for_partition(loader, target, date);
	added = result != NULL && result_ok(result);
	if (added)
		target->hasty = false;
	else
		refuse_day(target, date, result);
	PQclear(result);
	return added;
}

/*
 * See to it that the rows of a day find a partition.
 */
bool
provide_partition(Loader *loader, Target *target, int64_t day)
{
	if (!target->by_day || target->to_default || has_partition(target, day))
		return true;
	if (day < FIRST_DAY || day > LAST_DAY || target->new_days >= MAX_NEW_DAYS)
	{
		target->to_default = true;
		return true;
	}
	/* a COPY in progress does not know partitions that come later */
	if (loader->open != NULL && !end_copy(loader))
		return false;
	if (!add_partition(loader, target, day))
	{
		target->to_default = true;
		return true;
	}
	target->new_days++;
	add_range(target, day, day + 1);
	return true;
}

/*
 * Is an error about the bounds of a partition of a table, which have changed
 * since the COPY began?  An error about the table itself is that a row has no
 * partition at all.
 */
bool
is_about_partition(const Target *target, const PGresult *result)
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
	of_table = strcmp(name, target->name) == 0;
	free(name);
	return !of_table;
}
