/*-------------------------------------------------------------------------
 *
 * column_map.h
 *	  From the fields of records to the columns of a table.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_COLUMN_MAP_H
#define LOAD_COLUMN_MAP_H

#include "map/log_tables.h"

typedef struct Column
{
	char	   *name;
	ColumnType	type;
	unsigned	flags;			/* those of its description */
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
	const LogTable *table;		/* that it is, or is like, or NULL */
	Column	   *columns;
	int			ncolumns;
	int			time_column;	/* TimeGenerated, or -1 */
	int			extra_column;	/* additionalfields, or -1 */
	int			key_column;		/* distribution_key, or -1 */
	int			key_source;		/* the column that it is made of */
	int			needed[MAX_NEEDED]; /* the table's needed columns, or -1 */
	FieldMap	raw;
	FieldMap	named;
	FieldMap	listed;
} ColumnMap;


extern void column_map_init(ColumnMap *map, const LogTable *table, Column *columns, int ncolumns);
extern void column_map_free(ColumnMap *map);
extern bool column_is_strict(const ColumnMap *map, int column);

extern const FieldEntry *field_map_find(const FieldMap *map, const char *name, size_t length);
extern const FieldMap *field_entry_members(const FieldEntry *entry);
extern int	field_entry_columns(const FieldEntry *entry);
extern int	field_entry_column(const FieldEntry *entry, int i, FieldRule *rule);

#endif							/* LOAD_COLUMN_MAP_H */
