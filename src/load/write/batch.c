/*-------------------------------------------------------------------------
 *
 * batch.c
 *	  Rows that are sent again without those that the server refuses.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "write/batch.h"

#include <stdlib.h>

#include "common/buffer.h"
#include "write/copy.h"
#include "write/failure.h"
#include "write/query.h"
#include "write/reject.h"

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
 * Reject the row that the server did not take.
 */
static bool
reject_row(Writer *writer, TargetTable *target, int row, const char *reason)
{
	size_t		start = row > 0 ? target->origins[row - 1].record_end : 0;
	RowOrigin  *origin = &target->origins[row];

	return reject_record(writer, target, target->records.data + start,
						 origin->record_end - start, origin->position, reason);
}

/*
 * Take the server's refusal of some rows back, and keep the reason; TRY_FAILED
 * if the error is not about a row, which is reported.
 */
static TryResult
take_back(Writer *writer, const TargetTable *target, const PGresult *result, char **reason)
{
	bool		about_partition = is_about_partition(&target->partitions, result);

	if (!about_partition && !is_about_row(result))
	{
		fail_connection(writer, result);
		return TRY_FAILED;
	}
	if (!command_or_fail(writer, "ROLLBACK TO SAVEPOINT azhunt_load; RELEASE SAVEPOINT azhunt_load"))
		return TRY_FAILED;
	*reason = load_strdup(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	return about_partition ? TRY_AGAIN : TRY_REFUSED;
}

/*
 * Send rows first up to but not including end of a batch.  If they are refused,
 * *reason says why, and *suspect is the row that seems to be the cause, or -1.
 */
static TryResult
send_part(Writer *writer, TargetTable *target, int first, int end, int *suspect, char **reason)
{
	size_t		start = first > 0 ? target->origins[first - 1].row_end : 0;
	PGresult   *result;
	TryResult	outcome;

	/* the savepoint must not take the staging table away */
	if (!provide_staging_table(writer, target) ||
		!command_or_fail(writer, "SAVEPOINT azhunt_load") ||
		!start_copy(writer, target) ||
		!send_rows(writer, target->rows.data + start, target->origins[end - 1].row_end - start))
		return TRY_FAILED;
	result = finish_copy(writer);
	if (PQresultStatus(result) == PGRES_COMMAND_OK)
	{
		count_rows(target, result, end - first);
		PQclear(result);
		return command_or_fail(writer, "RELEASE SAVEPOINT azhunt_load") ? TRY_TAKEN : TRY_FAILED;
	}
	*suspect = row_of_error(target, result, end - first);
	if (*suspect >= 0)
		*suspect += first;
	outcome = take_back(writer, target, result, reason);
	PQclear(result);
	return outcome;
}

/*
 * Send rows as send_part() does, again where a row did not fit its partition.  A
 * COPY does not know partitions that others add while it runs; that is not the
 * row's fault, and the next COPY knows them.
 */
static TryResult
try_rows(Writer *writer, TargetTable *target, int first, int end, int *suspect, char **reason)
{
	TryResult	outcome;
	int			attempt = 0;

	while ((outcome = send_part(writer, target, first, end, suspect, reason)) == TRY_AGAIN &&
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
bool
send_batch(Writer *writer, TargetTable *target)
{
	BatchState	state = {.step = target->norigins,.suspect = -1,.trusting = true};

	while (state.first < target->norigins)
	{
		int			end = next_end(&state, target->norigins);
		int			suspect = -1;
		char	   *reason = NULL;
		TryResult	result = try_rows(writer, target, state.first, end, &suspect, &reason);
		bool		kept = true;

		if (result == TRY_FAILED)
			return false;
		if (result == TRY_TAKEN)
			go_on(&state, end, target->norigins);
		else if (end - state.first > 1)
			narrow_down(&state, end, suspect);
		else
		{
			kept = reject_row(writer, target, state.first, reason);
			state.first = end;
			state.suspect = -1;
		}
		free(reason);
		if (!kept)
			return false;
	}
	discard_rows(target);
	return true;
}
