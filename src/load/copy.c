/*-------------------------------------------------------------------------
 *
 * copy.c
 *	  Rows on their way to the server.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
/*
 * A connection has one COPY at a time, but a file may have rows for several
 * tables.  The rows of the table whose COPY is in progress are sent at once;
 * those of another table wait in memory until they are worth a COPY.
 *
 * Without --reject-file, rows need not be kept once they are sent: an error
 * stops the file.  With it, a COPY is small and has a savepoint, so that its
 * good rows can be sent again without the bad one.
 */
#include "load.h"

#include <stdlib.h>
#include <string.h>

#include "cause.h"

#define SEND_SIZE	(64 * 1024)
#define SWITCH_SIZE	(1024 * 1024)
#define MAX_ROWS	20000
#define MAX_KEPT_ROWS	2000

/*
 * Remember where a row is from.
 */
static void
add_origin(Target *target, Position position)
{
	RowOrigin  *origin;

	if (target->norigins == target->origins_size)
	{
		target->origins_size = target->origins_size > 0 ? target->origins_size * 2 : 256;
		target->origins = load_realloc(target->origins,
									   (size_t) target->origins_size * sizeof(RowOrigin));
	}
	origin = &target->origins[target->norigins++];
	origin->position = position;
	origin->row_end = target->rows.length;
	origin->record_end = target->records.length;
}

/*
 * Run a command of the transaction.
 */
static bool
run_in_transaction(Loader *loader, const char *command)
{
	PGresult   *result = PQexec(loader->connection, command);
	bool		ok = result_ok(result);

	if (!ok)
		fail_connection(loader, result);
	PQclear(result);
	return ok;
}

/*
 * See to it that the staging table is there, if the table needs one.
 */
static bool
stage(Loader *loader, Target *target)
{
	if (target->stage_command != NULL && !target->staged)
		target->staged = run_in_transaction(loader, target->stage_command);
	return target->stage_command == NULL || target->staged;
}

/*
 * Start to send rows to a table.
 */
static bool
start_copy(Loader *loader, Target *target)
{
	PGresult   *result;
	bool		started;

	if (!stage(loader, target))
		return false;
	result = PQexec(loader->connection, target->copy_command);
	started = PQresultStatus(result) == PGRES_COPY_IN;
	if (!started)
		fail_connection(loader, result);
	PQclear(result);
	if (started)
		loader->open = target;
	return started;
}

/*
 * Send the rows that wait.
 */
static bool
send_rows(Loader *loader, const char *data, size_t length)
{
	while (length > 0)
	{
		size_t		part = length < SEND_SIZE ? length : SEND_SIZE;

		if (PQputCopyData(loader->connection, data, (int) part) != 1)
		{
			fail_connection(loader, NULL);
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
static PGresult *
finish_copy(Loader *loader)
{
	PGresult   *result = NULL;
	PGresult   *next;

	loader->open = NULL;
	(void) PQputCopyEnd(loader->connection, NULL);
	while ((next = PQgetResult(loader->connection)) != NULL)
	{
		PQclear(result);
		result = next;
		if (PQresultStatus(result) == PGRES_COPY_IN)
			break;
	}
	return result;
}

/*
 * The number of the line of the COPY that an error is about, from 1; 0 if it
 * does not say.
 *
 * The context reads "COPY name, line 7, ...", in the server's language.
 */
static int
line_of_error(const PGresult *result)
{
	const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);
	const char *copy = context != NULL ? strstr(context, "COPY ") : NULL;
	const char *comma = copy != NULL ? strchr(copy, ',') : NULL;

	if (comma == NULL)
		return 0;
	comma += strcspn(comma, "0123456789\n");
	return atoi(comma);
}

/*
 * Is an error about one row, rather than about the server or the table?
 */
static bool
is_about_row(const PGresult *result)
{
	return error_cause(PQresultErrorField(result, PG_DIAG_SQLSTATE),
					   PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME)) == CAUSE_RECORD;
}

/*
 * Report that the server did not take a COPY.
 */
static void
fail_copy(Loader *loader, const Target *target, const PGresult *result)
{
	int			line = line_of_error(result);

	if (is_about_row(result) && line >= 1 && line <= target->norigins)
		fail_file_at(loader, target->origins[line - 1].position,
					 load_strdup(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)));
	else
		fail_connection(loader, result);
}

/*
 * Forget the rows of a batch that is done with.
 */
static void
clear_batch(Target *target)
{
	target->rows.length = 0;
	target->records.length = 0;
	target->norigins = 0;
}

/*
 * End the COPY in progress, and wait for the server's answer.
 */
bool
end_copy(Loader *loader)
{
	Target	   *target = loader->open;
	PGresult   *result;
	bool		ok;

	if (target == NULL)
		return true;
	if (!send_rows(loader, target->rows.data, target->rows.length))
		return false;
	target->rows.length = 0;
	result = finish_copy(loader);
	ok = PQresultStatus(result) == PGRES_COMMAND_OK;
	if (!ok)
		fail_copy(loader, target, result);
	PQclear(result);
	clear_batch(target);
	return ok;
}

/*
 * Reject the row that the server did not take.
 */
static bool
reject_row(Loader *loader, Target *target, int row, const char *reason)
{
	size_t		start = row > 0 ? target->origins[row - 1].record_end : 0;
	RowOrigin  *origin = &target->origins[row];

	return reject_record(loader, target, target->records.data + start,
						 origin->record_end - start, origin->position, reason);
}

/*
 * Send rows first up to but not including end of a batch.  On failure, *bad is
 * the row that is the reason; if no row is, that is reported, and *bad is -1.
 */
static bool
try_rows(Loader *loader, Target *target, int first, int end, int *bad, char **reason)
{
	size_t		start = first > 0 ? target->origins[first - 1].row_end : 0;
	PGresult   *result;
	int			line;

	*bad = -1;
	/* the savepoint must not take the staging table away */
	if (!stage(loader, target) ||
		!run_in_transaction(loader, "SAVEPOINT azhunt_load") ||
		!start_copy(loader, target) ||
		!send_rows(loader, target->rows.data + start, target->origins[end - 1].row_end - start))
		return false;
	result = finish_copy(loader);
	if (PQresultStatus(result) == PGRES_COMMAND_OK)
	{
		PQclear(result);
		return run_in_transaction(loader, "RELEASE SAVEPOINT azhunt_load");
	}
	line = line_of_error(result);
	if (is_about_row(result) && line >= 1 && line <= end - first)
	{
		*bad = first + line - 1;
		*reason = load_strdup(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	}
	else
		fail_connection(loader, result);
	PQclear(result);
	if (*bad >= 0 && !run_in_transaction(loader, "ROLLBACK TO SAVEPOINT azhunt_load; RELEASE SAVEPOINT azhunt_load"))
		*bad = -1;
	return false;
}

/*
 * Send a batch; rows that the server does not take are rejected.
 *
 * What was sent after a bad row must be sent again, and the next bad one may not
 * be far.  So few rows are sent then at first, and more and more while all goes
 * well.
 */
static bool
send_batch(Loader *loader, Target *target)
{
	int			first = 0;
	int			step = target->norigins;
	int			rejected = -1;

	while (first < target->norigins)
	{
		int			end = step < target->norigins - first ? first + step : target->norigins;
		int			bad;
		char	   *reason = NULL;
		bool		kept;

		if (first == rejected)
		{
			first++;
			continue;
		}
		if (first < rejected)
			end = rejected;
		if (try_rows(loader, target, first, end, &bad, &reason))
		{
			first = end;
			if (step < target->norigins)
				step *= 2;
			continue;
		}
		if (bad < 0)
			return false;
		kept = reject_row(loader, target, bad, reason);
		free(reason);
		if (!kept)
			return false;
		target->row_count--;
		rejected = bad;
		step = bad - first + 1;
	}
	clear_batch(target);
	return true;
}

/*
 * Send rows where it is time to.
 */
static bool
send_if_due(Loader *loader, Target *target)
{
	if (loader->options->reject_file != NULL)
	{
		if (target->norigins >= MAX_KEPT_ROWS ||
			target->rows.length + target->records.length >= 2 * SWITCH_SIZE)
			return send_batch(loader, target);
		return true;
	}
	if (loader->open != target)
	{
		if (loader->open != NULL && target->rows.length < SWITCH_SIZE)
			return true;
		if (!end_copy(loader) || !start_copy(loader, target))
			return false;
	}
	if (target->rows.length >= SEND_SIZE)
	{
		if (!send_rows(loader, target->rows.data, target->rows.length))
			return false;
		target->rows.length = 0;
	}
	if (target->norigins >= MAX_ROWS)
		return end_copy(loader);
	return true;
}

/*
 * Take the row that was filled last for a table.
 */
bool
copy_row(Loader *loader, Target *target, const Record *record)
{
	if (!provide_partition(loader, target, loader->row.day))
		return false;
	row_append_copy(&loader->row, &target->rows);
	if (loader->options->reject_file != NULL)
		buffer_append(&target->records, record->text, record->length);
	add_origin(target, record->position);
	target->row_count++;
	return send_if_due(loader, target);
}

/*
 * Send all rows that wait, and fill views from what was staged for them.
 */
bool
flush_copies(Loader *loader)
{
	if (!end_copy(loader))
		return false;
	for (int i = 0; i < COUNTED_TABLES; i++)
	{
		Target	   *target = loader->targets[i];

		if (target == NULL)
			continue;
		if (target->norigins > 0 && loader->options->reject_file != NULL && !send_batch(loader, target))
			return false;
		if (target->norigins > 0 && (!start_copy(loader, target) || !end_copy(loader)))
			return false;
		if (target->staged && !run_in_transaction(loader, target->insert_command))
			return false;
	}
	return true;
}

/*
 * Forget all rows, as the file is not loaded; or is, and the next one starts.
 */
void
forget_copies(Loader *loader)
{
	if (loader->open != NULL)
	{
		(void) PQputCopyEnd(loader->connection, "file is not loaded");
		PQclear(finish_copy(loader));
	}
	for (int i = 0; i < COUNTED_TABLES; i++)
	{
		Target	   *target = loader->targets[i];

		if (target == NULL)
			continue;
		clear_batch(target);
		target->row_count = 0;
		target->rejected_count = 0;
		target->staged = false;
		target->new_days = 0;
		target->to_default = false;
	}
}
