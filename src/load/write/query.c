/*-------------------------------------------------------------------------
 *
 * query.c
 *	  Queries and commands whose failure is that of the file.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "write/query.h"

#include "write/failure.h"

/*
 * The result, if it is no failure; otherwise NULL, and the failure is reported.
 */
static PGresult *
result_or_fail(Writer *writer, PGresult *result)
{
	if (result_ok(result))
		return result;
	fail_connection(writer, result);
	PQclear(result);
	return NULL;
}

/*
 * Run a query with parameters, all of them text; NULL if it fails, which is
 * reported.
 */
PGresult *
query_or_fail(Writer *writer, const char *query, int nparameters, const char *const *parameters)
{
	return result_or_fail(writer, run_query(writer->connection, query, nparameters, parameters));
}

/*
 * Run a command without parameters; NULL if it fails, which is reported.
 */
PGresult *
execute_or_fail(Writer *writer, const char *command)
{
	return result_or_fail(writer, PQexec(writer->connection, command));
}

/*
 * Run a command whose result is just that it succeeds; if it fails, that is
 * reported.
 */
bool
command_or_fail(Writer *writer, const char *command)
{
	PGresult   *result = execute_or_fail(writer, command);

	PQclear(result);
	return result != NULL;
}
