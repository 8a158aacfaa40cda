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

#include "write/cause.h"
#include "write/copy_error.h"

#define SEND_SIZE	(64 * 1024)
#define SWITCH_SIZE	(1024 * 1024)
#define MAX_ROWS	20000
#define MAX_KEPT_ROWS	2000
/* how often a batch is sent while others add partitions; each of them is one
 * that the batch may need, so these are more than it ever meets */
#define MAX_RESENDS		1000

/* What became of rows that can be taken back. */
typedef enum TryResult
{
	TRY_TAKEN,
	TRY_REFUSED,				/* and taken back, since a row of them is bad */
	TRY_AGAIN,					/* taken back, since a partition was added */
	TRY_FAILED					/* for another reason, which is reported */
} TryResult;

/* How far a batch has got in which a row is bad. */
typedef struct BatchState
{
	int			first;			/* the rows before it are done with */
	int			step;			/* rows to be sent next */
	int			suspect;		/* row that the server complained of, or -1 */
	bool		trusting;		/* such complaints have been right so far */
} BatchState;

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
 * The row, of those that a COPY sent, that an error is about, from 0; -1 if
 * that is not known.
 */
static int
row_of_error(const Target *target, const PGresult *result, int nrows)
{
	return copy_error_line(PQresultErrorField(result, PG_DIAG_CONTEXT), target->copied_name, nrows) - 1;
}

/*
 * Count rows that the server took, and those of them that it stored: a trigger
 * may have dropped some.  What goes into the staging table is not stored yet.
 */
static void
count_rows(Target *target, const PGresult *result, int nrows)
{
	target->sent_count += nrows;
	if (target->stage_command == NULL)
		target->row_count += strtoll(PQcmdTuples((PGresult *) result), NULL, 10);
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
	int			row = row_of_error(target, result, target->norigins);
	const char *reason = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (is_about_partition(target, result) && load_again(loader))
		return;
	if (!is_about_row(result) || target->norigins == 0)
		fail_connection(loader, result);
	else if (row >= 0)
		fail_file_at(loader, target->origins[row].position, load_strdup(reason));
	else
		fail_file(loader, load_printf("a record that starts on one of lines %lld to %lld: %s",
									  (long long) target->origins[0].position.line,
									  (long long) target->origins[target->norigins - 1].position.line,
									  reason));
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
	if (ok)
		count_rows(target, result, target->norigins);
	else
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
 * Take the server's refusal of some rows back, and keep the reason; TRY_FAILED
 * if the error is not about a row, which is reported.
 */
static TryResult
take_back(Loader *loader, const Target *target, const PGresult *result, char **reason)
{
	bool		about_partition = is_about_partition(target, result);

	if (!about_partition && !is_about_row(result))
	{
		fail_connection(loader, result);
		return TRY_FAILED;
	}
	if (!run_in_transaction(loader, "ROLLBACK TO SAVEPOINT azhunt_load; RELEASE SAVEPOINT azhunt_load"))
		return TRY_FAILED;
	*reason = load_strdup(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	return about_partition ? TRY_AGAIN : TRY_REFUSED;
}

/*
 * Send rows first up to but not including end of a batch.  If they are refused,
 * *reason says why, and *suspect is the row that seems to be the cause, or -1.
 */
static TryResult
send_part(Loader *loader, Target *target, int first, int end, int *suspect, char **reason)
{
	size_t		start = first > 0 ? target->origins[first - 1].row_end : 0;
	PGresult   *result;
	TryResult	outcome;

	/* the savepoint must not take the staging table away */
	if (!stage(loader, target) ||
		!run_in_transaction(loader, "SAVEPOINT azhunt_load") ||
		!start_copy(loader, target) ||
		!send_rows(loader, target->rows.data + start, target->origins[end - 1].row_end - start))
		return TRY_FAILED;
	result = finish_copy(loader);
	if (PQresultStatus(result) == PGRES_COMMAND_OK)
	{
		count_rows(target, result, end - first);
		PQclear(result);
		return run_in_transaction(loader, "RELEASE SAVEPOINT azhunt_load") ? TRY_TAKEN : TRY_FAILED;
	}
	*suspect = row_of_error(target, result, end - first);
	if (*suspect >= 0)
		*suspect += first;
	outcome = take_back(loader, target, result, reason);
	PQclear(result);
	return outcome;
}

/*
 * Send rows as send_part() does, again where a row did not fit its partition.  A
 * COPY does not know partitions that others add while it runs; that is not the
 * row's fault, and the next COPY knows them.
 */
static TryResult
try_rows(Loader *loader, Target *target, int first, int end, int *suspect, char **reason)
{
	TryResult	outcome;
	int			attempt = 0;

	while ((outcome = send_part(loader, target, first, end, suspect, reason)) == TRY_AGAIN &&
		   ++attempt < MAX_RESENDS)
	{
		free(*reason);
		*reason = NULL;
	}
	return outcome == TRY_AGAIN ? TRY_REFUSED : outcome;
}

/*
 * Rows of a batch were refused: choose what to send next.
 *
 * The rows before the suspect come next, then the suspect alone.  If these rows
 * are not taken, or the suspect is, the server's word is not to be relied on,
 * and the halves of what is refused are tried.
 */
static void
narrow_down(BatchState *state, int end, int suspect)
{
	if (state->suspect >= 0)
		state->trusting = false;
	state->suspect = state->trusting ? suspect : -1;
	state->step = state->suspect >= 0 ? state->suspect - state->first + 1 : (end - state->first) / 2;
}

/*
 * The end of what is to be sent next.
 */
static int
next_end(const BatchState *state, int nrows)
{
	if (state->suspect == state->first)
		return state->first + 1;
	if (state->suspect > state->first)
		return state->suspect;
	return state->step < nrows - state->first ? state->first + state->step : nrows;
}

/*
 * Rows up to end were taken: go on after them, with more than these.
 */
static void
go_on(BatchState *state, int end, int nrows)
{
	if (state->suspect == state->first)
	{
		state->suspect = -1;
		state->trusting = false;
	}
	state->first = end;
	if (state->step < nrows)
		state->step *= 2;
}

/*
 * Send a batch; rows that the server does not take are rejected.
 *
 * A row is rejected only if the server refuses it when it is sent alone.  What
 * was sent after a bad row must be sent again, and the next bad one may not be
 * far.  So few rows are sent then at first, and more and more while all goes
 * well.
 */
static bool
send_batch(Loader *loader, Target *target)
{
	BatchState	state = {.step = target->norigins,.suspect = -1,.trusting = true};

	while (state.first < target->norigins)
	{
		int			end = next_end(&state, target->norigins);
		int			suspect = -1;
		char	   *reason = NULL;
		TryResult	result = try_rows(loader, target, state.first, end, &suspect, &reason);
		bool		kept = true;

		if (result == TRY_FAILED)
			return false;
		if (result == TRY_TAKEN)
			go_on(&state, end, target->norigins);
		else if (end - state.first > 1)
			narrow_down(&state, end, suspect);
		else
		{
			kept = reject_row(loader, target, state.first, reason);
			state.first = end;
			state.suspect = -1;
		}
		free(reason);
		if (!kept)
			return false;
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
	if (!provide_partition(loader, target, loader->builder.day))
		return false;
	row_builder_append_copy(&loader->builder, &target->rows);
	if (loader->options->reject_file != NULL)
		buffer_append(&target->records, record->text, record->length);
	add_origin(target, record->position);
	return send_if_due(loader, target);
}

/*
 * Fill a view from what was staged for it.
 */
static bool
fill_view(Loader *loader, Target *target)
{
	PGresult   *result = PQexec(loader->connection, target->insert_command);
	bool		ok = result_ok(result);

	if (ok)
		target->row_count += strtoll(PQcmdTuples(result), NULL, 10);
	else
		fail_connection(loader, result);
	PQclear(result);
	return ok;
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
		if (target->staged && !fill_view(loader, target))
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
		target->sent_count = 0;
		target->rejected_count = 0;
		target->staged = false;
		target->new_days = 0;
		target->to_default = false;
	}
}
