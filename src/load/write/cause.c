/*-------------------------------------------------------------------------
 *
 * cause.c
 *	  What an error of the server is about: a record, or something else.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
/*
 * A record may be rejected only for what is wrong with the record.  A lost
 * connection, a lock that is not free, a full disk, a missing privilege or a
 * trigger that gives up say nothing about it: the next run may load it.  So
 * what is not known to be about the record is taken for something else.
 */
#include "write/cause.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Errors that are about the record; two letters are a class. */
static const char *const record_states[] = {
	"22",						/* data exception */
	"23000",					/* integrity constraint violation */
	"23502",					/* not null violation */
	"23505",					/* unique violation */
	"23514",					/* check violation */
	"23P01",					/* exclusion violation */
	"44000",					/* with check option violation */
	"54000"						/* program limit exceeded: too long for a page
								 * or an index */
};

/* ... but for these of the classes. */
static const char *const other_states[] = {
	"22P04"						/* bad COPY file format: what we sent, not
								 * what the file holds */
};

/*
 * Is a state in a list?
 */
static bool
is_listed(const char *sqlstate, const char *const *states, size_t nstates)
{
	for (size_t i = 0; i < nstates; i++)
	{
		if (strncmp(sqlstate, states[i], strlen(states[i])) == 0)
			return true;
	}
	return false;
}

/*
 * The cause of an error with this SQLSTATE and name of a constraint, either of
 * which may be NULL.
 *
 * A row for which there is no partition, or which is not within the bounds of
 * its partition, violates a check that is no constraint with a name.
 */
ErrorCause
error_cause(const char *sqlstate, const char *constraint)
{
	if (sqlstate == NULL)
		return CAUSE_SERVER;
	if (strcmp(sqlstate, "23514") == 0 && (constraint == NULL || *constraint == '\0'))
		return CAUSE_PARTITION;
	if (is_listed(sqlstate, other_states, sizeof(other_states) / sizeof(other_states[0])))
		return CAUSE_SERVER;
	if (is_listed(sqlstate, record_states, sizeof(record_states) / sizeof(record_states[0])))
		return CAUSE_RECORD;
	return CAUSE_SERVER;
}
