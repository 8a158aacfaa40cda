/*-------------------------------------------------------------------------
 *
 * reader.h
 *	  A file while it is being read, and what takes its records.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_READER_H
#define LOAD_READER_H

#include "read/record.h"

typedef struct Sink Sink;

/* What takes the records.  Where a function returns false, reading ends. */
struct Sink
{
	bool		(*take) (Sink *sink, const Record *record);
	bool		(*refuse) (Sink *sink, const char *text, size_t length,
						   Position position, const char *reason);
	void		(*warn) (Sink *sink, const char *message);
};

/* One file being read. */
typedef struct Reader
{
	Input	   *input;
	Sink	   *sink;
	int64_t		resume_at;		/* records before this offset are known */
	JsonText	json;
	size_t		wasted;			/* bytes read in vain after broken records */
	bool		unsure;			/* where the record before ended */
	bool		stopped;
	bool		unfinished;		/* the record that is next, at the end */
	char	   *error;			/* why reading failed, or what is unfinished, */
	Position	error_position;
} Reader;

extern bool reader_fail(Reader *reader, size_t index, char *error);
extern bool reader_leave(Reader *reader, const char *what);
extern bool reader_refuse(Reader *reader, size_t length, size_t error_at, char *reason);
extern bool reader_take(Reader *reader, Record *record, size_t length);

#endif							/* LOAD_READER_H */
