/*-------------------------------------------------------------------------
 *
 * cause.h
 *	  What an error of the server is about: a record, or something else.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_CAUSE_H
#define LOAD_CAUSE_H

/* What must change for a row that the server refused to be taken. */
typedef enum ErrorCause
{
	CAUSE_SERVER,				/* the server, the table or the session */
	CAUSE_RECORD,				/* the record: others may be taken */
	CAUSE_PARTITION				/* the partitions, which were others when the
								 * COPY began, or are missing */
} ErrorCause;

extern ErrorCause error_cause(const char *sqlstate, const char *constraint);

#endif							/* LOAD_CAUSE_H */
