/*-------------------------------------------------------------------------
 *
 * row_builder.h
 *	  Records as rows of a table.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_ROW_BUILDER_H
#define LOAD_ROW_BUILDER_H

#include "map/log_tables.h"
#include "read/records.h"

typedef enum ColumnType
{
	TYPE_TEXT,
	TYPE_TIME,
	TYPE_DYNAMIC,
	TYPE_BIGINT,
	TYPE_INTEGER,
	TYPE_SMALLINT,
	TYPE_REAL,
	TYPE_BOOLEAN,
	TYPE_OTHER					/* PostgreSQL must find out */
} ColumnType;

typedef struct Column
{
	char	   *name;
	ColumnType	type;
	const char *type_name;		/* for messages */
} Column;

typedef struct FieldEntry FieldEntry;

/* From names of fields, ignoring the case of letters, to columns. */
typedef struct FieldMap
{
	FieldEntry *entries;
	size_t		size;			/* a power of two */
	size_t		used;
} FieldMap;

/* The columns of a table, and what fills them. */
typedef struct ColumnMap
{
	unsigned	table;			/* bit of the log table that it is, or is like */
	Column	   *columns;
	int			ncolumns;
	int			time_column;	/* TimeGenerated, or -1 */
	int			extra_column;	/* additionalfields, or -1 */
	FieldMap	raw;
	FieldMap	named;
} ColumnMap;

typedef struct Cell
{
	const char *text;			/* NULL for null */
	size_t		length;
} Cell;

/* objects within objects whose members are fields, at most */
#define FIELD_LEVELS	3

/* Where a field stands in its record. */
typedef struct FieldPath
{
	int			levels;			/* zero for the record as a whole */
	size_t		before[FIELD_LEVELS];	/* how many members are before it, or
										 * before the object around it */
} FieldPath;

/* A field that no column took, with the objects around it. */
typedef struct Leftover
{
	const char *parents[FIELD_LEVELS - 1];
	int			nparents;
	FieldPath	path;
	const char *name;
	Value		value;
	int			second;			/* column that may still take it, or -1 */
} Leftover;

/* Work space for one record after the other. */
typedef struct RowBuilder
{
	const ColumnMap *map;
	Cell	   *cells;
	int			size;			/* of cells */
	Leftover   *leftovers;
	int			nleftovers;
	int			leftovers_size;
	Arena		arena;
	Buffer		scratch;
	JsonText		nested;			/* JSON within a string */
	int64_t		time;			/* that was converted last */
	int64_t		day;			/* of TimeGenerated, since 1970-01-01 */
	char	   *error;			/* why row_builder_fill() failed, */
	FieldPath	error_path;		/* and for which field */
} RowBuilder;

extern void column_map_init(ColumnMap *map, unsigned table, Column *columns, int ncolumns);
extern void column_map_free(ColumnMap *map);

extern bool row_builder_fill(RowBuilder *builder, const ColumnMap *map, const Record *record);
extern void row_builder_append_copy(const RowBuilder *builder, Buffer *out);
extern void row_builder_free(RowBuilder *builder);

/* value.c */
extern bool convert_value(RowBuilder *builder, const Column *column, const Value *value, Cell *cell);
extern char *quote_for_message(const char *text, size_t length);

/* column_map.c */
extern const FieldEntry *field_map_find(const FieldMap *map, const char *name, size_t length);
extern const FieldMap *field_entry_members(const FieldEntry *entry);
extern int	field_entry_columns(const FieldEntry *entry);
extern int	field_entry_column(const FieldEntry *entry, int i, FieldRule *rule);

/* locate.c */
extern size_t place_of_field(const Record *record, const FieldPath *path);

/* derive.c */
extern bool derive_columns(RowBuilder *builder, const Record *record);
extern const json_t *record_member(const Record *record, const char *path);
extern bool record_field(const Record *record, const char *name, Value *value);
extern bool record_is_raw(const Record *record);

/* route.c */
typedef enum Route
{
	ROUTE_LOG_TABLE,			/* to one of the log tables */
	ROUTE_OTHER_TABLE,			/* to --table */
	ROUTE_NOWHERE
} Route;

extern Route route_record(const Record *record, const char *path, bool has_other_table,
						  const LogTable **table, char **error);

#endif							/* LOAD_ROW_BUILDER_H */
