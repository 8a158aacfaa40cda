/*-------------------------------------------------------------------------
 *
 * connection.h
 *	  Connections to the server.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_CONNECTION_H
#define LOAD_CONNECTION_H

#include <libpq-fe.h>
#include <stdbool.h>

typedef enum PasswordPrompt
{
	PROMPT_IF_NEEDED,
	PROMPT_ALWAYS,
	PROMPT_NEVER
} PasswordPrompt;

/* Where the server is, and who we are there. */
typedef struct ConnectionOptions
{
	const char *dbname;			/* or a connection string */
	const char *host;
	const char *port;
	const char *user;
	PasswordPrompt prompt;
	char	   *password;		/* NULL until it is asked for */
} ConnectionOptions;

extern PGconn *connect_to_server(ConnectionOptions *options);
extern bool database_was_named(const ConnectionOptions *options);
extern bool run_command(PGconn *connection, const char *command);
extern PGresult *run_query(PGconn *connection, const char *query, int nparameters,
						   const char *const *parameters);
extern bool result_ok(const PGresult *result);

#endif							/* LOAD_CONNECTION_H */
