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

#include "read/json_text.h"
#include "read/buffered_input.h"

typedef enum ValueKind
{
	VALUE_NULL,
	VALUE_STRING,
	VALUE_NUMBER,
	VALUE_BOOLEAN,				/* text is true or false */
	VALUE_DYNAMIC				/* a JSON object or array */
} ValueKind;

/* The value of one field; of a dynamic one, the node and its text. */
typedef struct Value
{
	ValueKind	kind;
	const char *text;
	size_t		length;
	const json_t *node;
	const JsonText *json;
} Value;

/* The names of the fields of records that come as rows. */
typedef struct Header
{
	char	  **names;			/* without what the portal adds to them */
	size_t		nnames;
} Header;

/* A record: a JSON object, or one value for each name of a header. */
typedef struct Record
{
	const JsonText *json;		/* its root is the object, or NULL for a row */
	const Header *header;
	const Value *values;
	const char *text;			/* as it stands in the file */
	size_t		length;
	Position	position;
} Record;

typedef struct Sink Sink;

/* What takes the records.  Where a function returns false, reading ends. */
struct Sink
{
	bool		(*take) (Sink *sink, const Record *record);
	bool		(*refuse) (Sink *sink, const char *text, size_t length,
						   Position position, const char *reason);
	void		(*warn) (Sink *sink, const char *message);
};

typedef enum ReadResult
{
	READ_DONE,					/* up to the end of the file */
	READ_STOPPED,				/* by the sink */
	READ_UNFINISHED,			/* up to the last record, which has no end yet */
	READ_FAILED					/* the rest cannot be read, and here is why */
} ReadResult;

/* One file being read. */
typedef struct Reader
{
	Input	   *input;
	Sink	   *sink;
	int64_t		resume_at;		/* records before this offset are known */
	JsonText		json;
	size_t		wasted;			/* bytes read in vain after broken records */
	bool		unsure;			/* where the record before ended */
	bool		stopped;
	bool		unfinished;		/* the record that is next, at the end */
	char	   *error;			/* why reading failed, or what is unfinished, */
	Position	error_position;
} Reader;

extern ReadResult read_records(Input *input, Sink *sink, int64_t resume_at,
							   char **error, Position *error_position);

/* json_reader.c and csv_reader.c: false where reading ended early */
extern bool read_json(Reader *reader);
extern bool read_csv(Reader *reader);
extern bool reader_fail(Reader *reader, size_t index, char *error);
extern bool reader_leave(Reader *reader, const char *what);
extern bool reader_refuse(Reader *reader, size_t length, size_t error_at, char *reason);
extern bool reader_take(Reader *reader, Record *record, size_t length);

extern Value json_value(const JsonText *json, const json_t *node);
extern char *header_name(const char *name, size_t length);
extern void header_free(Header *header);

#define EXPECTED_SHAPES \
	"expected raw diagnostic records or records with the columns of a log table" \
	" as JSON lines, in an array or in {\"records\": [...]}," \
	" a query's answer {\"tables\": [...]}, or CSV with a column TimeGenerated"

#endif							/* LOAD_RECORDS_H */
