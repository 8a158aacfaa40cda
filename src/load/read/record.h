/*-------------------------------------------------------------------------
 *
 * record.h
 *	  One record of a file, and what it says.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_RECORD_H
#define LOAD_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "read/buffered_input.h"
#include "read/json_text.h"

/* what to say of a file that holds no records */
#define EXPECTED_SHAPES \
	"expected raw diagnostic records, records with the columns of a log table, or what Microsoft Graph lists," \
	" as JSON lines, in an array or in {\"records\": [...]}, a query's answer {\"tables\": [...]}," \
	" CSV with a column TimeGenerated, or Avro of Event Hubs Capture"

/* ... and of a record that is none of them */
#define NO_TIME	"record has neither time nor TimeGenerated; " EXPECTED_SHAPES

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
	char		separator;		/* of CSV */
} Header;

/* How a record is written, which says what its fields are called. */
typedef enum RecordShape
{
	RECORD_RAW,					/* JSON object, as a diagnostic setting writes
								 * it */
	RECORD_LISTED,				/* JSON object, as the REST API or Microsoft
								 * Graph lists it */
	RECORD_NAMED,				/* JSON object whose members have the names of
								 * columns */
	RECORD_ARRAY,				/* JSON array, with a header */
	RECORD_CSV,					/* line of CSV, with a header */
	RECORD_PORTAL				/* line of CSV, with the headings of the Entra
								 * portal */
} RecordShape;

/* A record: a JSON object, or one value for each name of a header. */
typedef struct Record
{
	RecordShape shape;
	const JsonText *json;		/* of an object, which is its root */
	const Header *header;		/* of an array or a line, the names */
	const Value *values;		/* ... and the values */
	const char *const *logs;	/* of the portal, those that have such
								 * headings, up to NULL; or NULL */
	const size_t *member_cells; /* ... of each member of the object, its cell
								 * in the line of the portal */
	const char *text;			/* as it stands in the file */
	size_t		length;
	Position	position;
} Record;

/*
 * Is this a JSON object, rather than the values for a header?
 */
static inline bool
record_is_object(const Record *record)
{
	return record->shape <= RECORD_NAMED;
}

/* what records without TimeGenerated have instead, up to NULL */
extern const char *const other_time_names[];

/*
 * Have its fields the names of columns?
 */
static inline bool
record_has_columns(const Record *record)
{
	return record->shape >= RECORD_NAMED && record->shape != RECORD_PORTAL;
}

extern Record record_of_object(const JsonText *json);
extern Record record_of_values(RecordShape shape, const Header *header, const Value *values);
extern bool record_has_time(const Record *record);
extern const json_t *record_member(const Record *record, const char *path);
extern bool record_field(const Record *record, const char *name, Value *value);

extern bool object_field(const JsonText *json, json_t *object, const char *name, Value *value);
extern Value json_value(const JsonText *json, const json_t *node);

extern char *header_name(const char *name, size_t length);
extern bool header_has_name(const Header *header, const char *name);
extern bool header_has_time(const Header *header);
extern char *header_problem(const Header *header, bool may_repeat);
extern void header_name_all(Header *header);
extern bool header_is_of_portal(const Header *header);
extern void header_free(Header *header);

#endif							/* LOAD_RECORD_H */
