/*-------------------------------------------------------------------------
 *
 * copy.c
 *	  One COPY, from its start to the server's answer.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "write/copy.h"

#include <stdlib.h>

#include "write/cause.h"
#include "write/copy_error.h"
#include "write/failure.h"
#include "write/query.h"

/*
 * See to it that the staging table is there, if the table needs one.
 */
bool
provide_staging_table(Writer *writer, TargetTable *target)
{
	if (target->stage_command != NULL && !target->staged)
		target->staged = command_or_fail(writer, target->stage_command);
	return target->stage_command == NULL || target->staged;
}

/*
 * Start to send rows to a table.
 */
bool
start_copy(Writer *writer, TargetTable *target)
{
	PGresult   *result;
	bool		started;

	if (!provide_staging_table(writer, target))
		return false;
	result = PQexec(writer->connection, target->copy_command);
	started = PQresultStatus(result) == PGRES_COPY_IN;
	if (!started)
		fail_connection(writer, result);
	PQclear(result);
	if (started)
		writer->copying = target;
	return started;
}

/*
 * Send the rows that wait.
 */
bool
send_rows(Writer *writer, const char *data, size_t length)
{
	while (length > 0)
	{
		size_t		part = length < SEND_SIZE ? length : SEND_SIZE;

		if (PQputCopyData(writer->connection, data, (int) part) != 1)
		{
			fail_connection(writer, NULL);
			return false;
		}
		data += part;
		length -= part;
	}
	return true;
}

/*
 * End the COPY in progress; the result is the server's.
 */
PGresult *
finish_copy(Writer *writer)
{
	PGresult   *result = NULL;
	PGresult   *next;

	writer->copying = NULL;
	(void) PQputCopyEnd(writer->connection, NULL);
	while ((next = PQgetResult(writer->connection)) != NULL)
	{
		PQclear(result);
		result = next;
		if (PQresultStatus(result) == PGRES_COPY_IN)
			break;
	}
	return result;
}

/*
 * The row, of those that a COPY sent, that an error is about, from 0; -1 if
 * that is not known.
 */
int
row_of_error(const TargetTable *target, const PGresult *result, int nrows)
{
	return copy_error_line(PQresultErrorField(result, PG_DIAG_CONTEXT), target->copied_name, nrows) - 1;
}

/*
 * Count rows that the server took, and those of them that it stored: a trigger
 * may have dropped some.  What goes into the staging table is not stored yet.
 */
void
count_rows(TargetTable *target, const PGresult *result, int nrows)
{
	target->sent_count += nrows;
	if (target->stage_command == NULL)
		target->row_count += strtoll(PQcmdTuples((PGresult *) result), NULL, 10);
}

/*
 * Is an error about one row, rather than about the server or the table?
 */
bool
is_about_row(const PGresult *result)
{
	return error_cause(PQresultErrorField(result, PG_DIAG_SQLSTATE),
					   PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME)) == CAUSE_RECORD;
}

/*
 * Report that the server did not take a COPY.
 */
static void
fail_copy(Writer *writer, const TargetTable *target, const PGresult *result)
{
	int			row = row_of_error(target, result, target->norigins);
	const char *reason = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (is_about_partition(&target->partitions, result) && load_again(writer))
		return;
	if (!is_about_row(result) || target->norigins == 0)
		fail_connection(writer, result);
	else if (row >= 0)
		fail_file_at(writer, target->origins[row].position, load_strdup(reason));
	else
		fail_file(writer, load_printf("a record that starts on one of lines %lld to %lld: %s",
									  (long long) target->origins[0].position.line,
									  (long long) target->origins[target->norigins - 1].position.line,
									  reason));
}

/*
 * Discard the rows that wait, as they are done with.
 */
void
discard_rows(TargetTable *target)
{
	target->rows.length = 0;
	target->records.length = 0;
	target->norigins = 0;
}

/*
 * End the COPY in progress, and wait for the server's answer.
 */
bool
end_copy(Writer *writer)
{
	TargetTable *target = writer->copying;
	PGresult   *result;
	bool		ok;

	if (target == NULL)
		return true;
	if (!send_rows(writer, target->rows.data, target->rows.length))
		return false;
	target->rows.length = 0;
	result = finish_copy(writer);
	ok = PQresultStatus(result) == PGRES_COMMAND_OK;
	if (ok)
		count_rows(target, result, target->norigins);
	else
		fail_copy(writer, target, result);
	PQclear(result);
	discard_rows(target);
	return ok;
}

/*
 * Fill a view from what was staged for it.
 */
bool
fill_view(Writer *writer, TargetTable *target)
{
	PGresult   *result = execute_or_fail(writer, target->insert_command);

	if (result == NULL)
		return false;
	target->row_count += strtoll(PQcmdTuples(result), NULL, 10);
	PQclear(result);
	return true;
}
