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
 * azhunt.add_partitions() is called on a connection of its own, before the rows
 * of a day are sent.  Its lock on the default partition is then held for a
 * moment and not for the whole file, and two jobs don't wait for each other.
 * A partition stays, empty, if the file is not loaded in the end.
 *
 * Our own transaction must not hold a lock on the default partition meanwhile,
 * or we would wait for ourselves.  So once a row of a file has gone there, no
 * partitions are added for the rest of the file.
 */
#include "load.h"

#include <stdlib.h>
#include <string.h>

#include "times.h"

/* a file with more days than this is odd; the rest goes where it may */
#define MAX_NEW_DAYS	400

/* days outside these years, likewise; in days since 1970 */
#define FIRST_DAY	0
#define LAST_DAY	84006		/* 2199-12-31 */

static const char *const partitioned_query =
"SELECT FROM pg_catalog.pg_partitioned_table AS p"
" JOIN pg_catalog.pg_attribute AS a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]"
" WHERE p.partrelid = $1::pg_catalog.oid AND p.partstrat = 'r' AND p.partnatts = 1"
"   AND a.attname = 'timegenerated' AND a.atttypid = 1184";

static const char *const bounds_query =
"SELECT pg_catalog.floor(extract(epoch FROM GREATEST(b.since, '0001-01-01 00:00:00+00')) / 86400)::bigint,"
"       pg_catalog.ceil(extract(epoch FROM LEAST(b.until, '9999-12-31 00:00:00+00')) / 86400)::bigint"
" FROM azhunt.partition_bounds($1::pg_catalog.oid::pg_catalog.regclass) AS b";

static const char *const add_query =
"SELECT FROM azhunt.add_partitions($1::pg_catalog.oid::pg_catalog.regclass,"
" $2::pg_catalog.date, $2::pg_catalog.date + 1)";

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
 * Add the partition of a day.  If that is impossible, above all for lack of
 * privileges, the default partition is there to take the rows.
 */
static bool
add_partition(Loader *loader, Target *target, int64_t day)
{
	char		date[TIME_TEXT_LENGTH];
	const char *parameters[] = {target->oid, date};
	PGresult   *result;
	bool		added;

	if (loader->partition_connection == NULL)
		loader->partition_connection = connect_to_server(loader->options);
	if (loader->partition_connection == NULL)
	{
		target->by_day = false;
		return false;
	}
	format_day(day, date);
	result = run_query(loader->partition_connection, add_query, 2, parameters);
	added = result_ok(result);
	if (!added)
	{
		report_warning("no daily partitions are added to %s: %s",
					   target->name, PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) != NULL ?
					   PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) :
					   PQerrorMessage(loader->partition_connection));
		target->by_day = false;
	}
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
