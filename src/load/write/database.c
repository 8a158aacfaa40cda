/*-------------------------------------------------------------------------
 *
 * database.c
 *	  What a database must have before anything can be loaded.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "write/database.h"

#include <string.h>

#include "common/messages.h"

#define NO_PRIVILEGE	"42501"
#define NO_SUCH_FILE	"58P01"
#define NOT_INSTALLED	"0A000"

/* What is missing, of what no file can be loaded without, or null. */
static const char missing_query[] =
"SELECT CASE"
"       WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_extension AS e WHERE e.extname = 'azhunt') THEN 'extension'"
"       WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_class AS c"
"                        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
"                        WHERE c.relname = 'loaded_files' AND n.nspname = 'azhunt') THEN 'tables'"
"       END";

static const char create_extension[] = "CREATE EXTENSION IF NOT EXISTS azhunt";
static const char create_tables[] = "SELECT azhunt.create_log_tables()";

/*
 * Say what is missing, and how to get it.
 */
static void
report_missing(PGconn *connection, const ConnectionOptions *options, bool has_extension)
{
	const char *why = database_was_named(options) ? "" : " (which is tried as neither -d nor PGDATABASE names one)";

	if (has_extension)
		report_error("database \"%s\"%s does not have the log tables; azhunt-load --create creates them, as does SELECT azhunt.create_log_tables()",
					 PQdb(connection), why);
	else
		report_error("database \"%s\"%s does not have azhunt; azhunt-load --create creates it, as does CREATE EXTENSION azhunt",
					 PQdb(connection), why);
}

/*
 * Say why what is missing could not be created, and who can.
 */
static void
report_not_created(PGconn *connection, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *reason = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *hint = "";

	if (state != NULL && strcmp(state, NO_PRIVILEGE) == 0)
		hint = "; have a superuser run CREATE EXTENSION azhunt, and SELECT azhunt.create_log_tables()";
	else if (state != NULL && (strcmp(state, NO_SUCH_FILE) == 0 || strcmp(state, NOT_INSTALLED) == 0))
		hint = "; install azhunt on the server first";
	report_error("could not create what database \"%s\" lacks: %s%s", PQdb(connection),
				 reason != NULL ? reason : PQerrorMessage(connection), hint);
}

/*
 * Create what is missing, all of it or nothing.
 */
static bool
create_missing(PGconn *connection)
{
	static const char *const commands[] = {"BEGIN", create_extension, create_tables, "COMMIT"};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
	{
		PGresult   *result = PQexec(connection, commands[i]);
		bool		ok = result_ok(result);

		if (!ok)
			report_not_created(connection, result);
		PQclear(result);
		if (!ok)
			return false;
	}
	return true;
}

/*
 * Does the database have what every file needs?  Creates what is missing if that is
 * wanted, else says so.
 */
bool
check_database(PGconn *connection, const ConnectionOptions *options, bool create)
{
	PGresult   *result = PQexec(connection, missing_query);
	bool		answered = result_ok(result);
	bool		complete = answered && PQgetisnull(result, 0, 0);

	if (!answered)
		report_error("%s", PQerrorMessage(connection));
	else if (!complete && create)
		complete = create_missing(connection);
	else if (!complete)
		report_missing(connection, options, strcmp(PQgetvalue(result, 0, 0), "tables") == 0);
	PQclear(result);
	return complete;
}
