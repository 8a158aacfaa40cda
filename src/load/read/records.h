/*-------------------------------------------------------------------------
 *
 * records.h
 *	  Records out of a file, whatever the shape in which Azure wrote it.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_RECORDS_H
#define LOAD_RECORDS_H

#include "read/reader.h"

typedef enum ReadResult
{
	READ_DONE,					/* up to the end of the file */
	READ_STOPPED,				/* by the sink */
	READ_UNFINISHED,			/* up to the last record, which has no end yet */
	READ_FAILED					/* the rest cannot be read, and here is why */
} ReadResult;

extern ReadResult read_records(Input *input, Sink *sink, int64_t resume_at,
							   char **error, Position *error_position);

#endif							/* LOAD_RECORDS_H */
