/*-------------------------------------------------------------------------
 *
 * connection.c
 *	  Connections to the server.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "write/connection.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/messages.h"
#include "write/stop.h"

/*
 * What the session must not inherit from the role or the database: names are
 * looked up nowhere but where they say, and a long load is not cut off.
 */
static const char *const session_setup =
"SET search_path = pg_catalog, pg_temp;"
"SET statement_timeout = 0;"
"SET lock_timeout = 0;"
"SET idle_in_transaction_session_timeout = 0;"
"SET idle_session_timeout = 0;"
/* not every server has it */
"SELECT pg_catalog.set_config(s.name, '0', false) FROM pg_catalog.pg_settings AS s"
" WHERE s.name = 'transaction_timeout';"
"SET default_transaction_isolation = 'read committed';"
"SET default_transaction_read_only = off;"
/* values mean everywhere what they mean by default, and what is loaded stays */
"SET row_security = on;"
"SET \"DateStyle\" = 'ISO, MDY';"
"SET \"IntervalStyle\" = 'postgres';"
"SET \"TimeZone\" = 'UTC';"
"SET standard_conforming_strings = on;"
"SET array_nulls = on;"
"SET xmloption = content;"
"SELECT pg_catalog.set_config(s.name, s.wanted, false)"
" FROM (VALUES ('synchronous_commit'::pg_catalog.text, 'off'::pg_catalog.text, 'local'::pg_catalog.text),"
"              ('session_replication_role', 'replica', 'origin')) AS s (name, unwanted, wanted)"
" WHERE pg_catalog.current_setting(s.name) = s.unwanted";

/*
 * Ask for a password on the terminal; NULL if there is none.
 */
static char *
ask_password(void)
{
	static const char prompt[] = "Password: ";
	int			terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
	struct termios old;
	struct termios quiet;
	Buffer		password = {0};
	char		c;

	if (terminal < 0 || tcgetattr(terminal, &old) != 0)
	{
		if (terminal >= 0)
			close(terminal);
		return NULL;
	}
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t) ECHO;
	tcsetattr(terminal, TCSAFLUSH, &quiet);
	(void) !write(terminal, prompt, strlen(prompt));
	while (read(terminal, &c, 1) == 1 && c != '\n')
		buffer_append_byte(&password, c);
	buffer_append_byte(&password, '\0');
	(void) !write(terminal, "\n", 1);
	tcsetattr(terminal, TCSAFLUSH, &old);
	close(terminal);
	return password.data;
}

/*
 * Warnings of the server; its notices would be about partitions and the like.
 */
static void
show_notice(void *argument, const PGresult *result)
{
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

	(void) argument;
	if (severity != NULL && strcmp(severity, "WARNING") == 0)
		report_warning("%s", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
}

/*
 * Try to connect once.
 */
static PGconn *
try_connection(const ConnectionOptions *options)
{
	const char *keywords[] = {
		"host", "port", "user", "password", "dbname",
		"fallback_application_name", "client_encoding", NULL
	};
	const char *values[] = {
		options->host, options->port, options->user, options->password, options->dbname,
		PROGRAM, "UTF8", NULL
	};
	PGconn	   *connection;

	/* a server that does not answer may be waited for without bounds */
	stop_ends_program(true);
	/* a connection string in dbname must not change the encoding */
	connection = PQconnectdbParams(keywords, values, 1);
	stop_ends_program(false);
	return connection;
}

/*
 * Did anybody say which database?  Otherwise libpq takes the one of the user's name.
 */
bool
database_was_named(const ConnectionOptions *options)
{
	return options->dbname != NULL || getenv("PGDATABASE") != NULL || getenv("PGSERVICE") != NULL;
}

/*
 * Say why there is no connection, and which database was tried if nobody named one.
 */
static void
report_no_connection(const PGconn *connection, const ConnectionOptions *options)
{
	report_error("%s", PQerrorMessage(connection));
	if (!database_was_named(options))
		message("Database \"%s\" was tried, as neither -d nor PGDATABASE names one; name it with -d.", PQdb(connection));
}

/*
 * Connect, and set the session up; says why if that fails.
 */
PGconn *
connect_to_server(ConnectionOptions *options)
{
	PGconn	   *connection;

	if (options->prompt == PROMPT_ALWAYS && options->password == NULL)
		options->password = ask_password();
	connection = try_connection(options);
	if (PQstatus(connection) == CONNECTION_BAD && PQconnectionNeedsPassword(connection) &&
		options->password == NULL && options->prompt != PROMPT_NEVER)
	{
		options->password = ask_password();
		if (options->password != NULL)
		{
			PQfinish(connection);
			connection = try_connection(options);
		}
	}
	if (PQstatus(connection) == CONNECTION_BAD)
	{
		report_no_connection(connection, options);
		PQfinish(connection);
		return NULL;
	}
	PQsetNoticeReceiver(connection, show_notice, NULL);
	if (PQsetClientEncoding(connection, "UTF8") != 0 || !run_command(connection, session_setup))
	{
		report_error("%s", PQerrorMessage(connection));
		PQfinish(connection);
		return NULL;
	}
	return connection;
}

/*
 * Did a command or query succeed?
 */
bool
result_ok(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/*
 * Run commands without parameters.
 */
bool
run_command(PGconn *connection, const char *command)
{
	PGresult   *result = PQexec(connection, command);
	bool		ok = result_ok(result);

	PQclear(result);
	return ok;
}

/*
 * Run a query with parameters, all of them text.
 */
PGresult *
run_query(PGconn *connection, const char *query, int nparameters, const char *const *parameters)
{
	return PQexecParams(connection, query, nparameters, NULL, parameters, NULL, NULL, 0);
}
