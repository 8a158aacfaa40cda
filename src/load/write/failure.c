/*-------------------------------------------------------------------------
 *
 * failure.c
 *	  Files that are not loaded, and why.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "write/failure.h"

#include <stdlib.h>
#include <string.h>

#include "common/messages.h"
#include "read/inflate.h"
#include "write/stop.h"

/* how often a file is loaded while others add partitions, or load the same */
#define MAX_ATTEMPTS	10

/*
 * This file is not loaded, and why.  Of several reasons the first is said.
 */
void
fail_file(Writer *writer, char *reason)
{
	if (!writer->reported)
		message("%s: %s", writer->path, reason);
	free(reason);
	writer->failed = true;
	writer->reported = true;
}

/*
 * This file is not loaded, and where in it the reason is.
 */
void
fail_file_at(Writer *writer, Position position, char *reason)
{
	if (!writer->reported)
		message("%s:%lld:%lld: %s", writer->path, (long long) position.line, (long long) position.column, reason);
	writer->reported = true;
	fail_file(writer, reason);
}

/*
 * This file is not loaded, since the server does not take it.
 */
void
fail_connection(Writer *writer, const PGresult *result)
{
	const char *primary = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	const char *detail = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL) : NULL;
	const char *text = primary != NULL ? primary : PQerrorMessage(writer->connection);
	size_t		length = strlen(text);

	while (length > 0 && text[length - 1] == '\n')
		length--;
	writer->lost = writer->lost || PQstatus(writer->connection) == CONNECTION_BAD;
	fail_file(writer, load_printf("%.*s%s%s", (int) length, text,
								  detail != NULL ? ": " : "", detail != NULL ? detail : ""));
}

/*
 * Have this file loaded once more, from its start, without a word; false if that
 * is impossible, or has been tried often enough.
 */
bool
load_again(Writer *writer)
{
	if (writer->attempts >= MAX_ATTEMPTS || !path_is_of_file(writer->path))
		return false;
	writer->again = true;
	writer->failed = true;
	writer->reported = true;
	return true;
}

/*
 * Have we been asked to stop?  Then nothing of the file is loaded, and nothing is
 * wrong with it.
 */
bool
must_stop(Writer *writer)
{
	if (!stop_requested())
		return false;
	writer->failed = true;
	writer->reported = true;
	return true;
}
