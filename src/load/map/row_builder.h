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

#include "map/column_map.h"
#include "map/field_trace.h"
#include "map/value.h"
#include "read/locate.h"

/* A field that no column took, with the objects around it. */
struct Leftover
{
	const char *parents[FIELD_LEVELS - 1];
	int			nparents;
	FieldPath	path;
	const char *name;
	Value		value;
	const FieldEntry *entry;	/* whose second columns may still take it */
	bool		misfit;			/* a column should have taken it, and cannot */
};

/* Work space for one record after the other. */
typedef struct RowBuilder
{
	const ColumnMap *map;
	Cell	   *cells;
	int			size;			/* of cells */
	Leftover   *leftovers;
	int			nleftovers;
	int			leftovers_size;
	ValueConverter converter;
	int64_t		day;			/* of TimeGenerated, since 1970-01-01 */
	int			misfits;		/* values that are in additionalfields, as
								 * their columns cannot take them */
	FieldPath	error_path;		/* of the field that converter.error is about */
	FieldTrace *trace;			/* or NULL */
} RowBuilder;

extern bool row_builder_fill(RowBuilder *builder, const ColumnMap *map, const Record *record);
extern void row_builder_append_copy(const RowBuilder *builder, Buffer *out);
extern void row_builder_free(RowBuilder *builder);

#endif							/* LOAD_ROW_BUILDER_H */
