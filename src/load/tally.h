/*-------------------------------------------------------------------------
 *
 * tally.h
 *	  What a file has for the columns of a table.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_TALLY_H
#define LOAD_TALLY_H

#include "map/row_builder.h"

/* Names, and how often each was seen. */
typedef struct Names
{
	char	  **names;
	int64_t    *counts;
	int			nnames;
	int			size;
} Names;

/* What has filled a column. */
typedef struct ColumnTally
{
	int64_t		filled;
	int64_t		empty;			/* values of no length */
	Names		fields;
} ColumnTally;

/* What a file has for a table. */
typedef struct TableTally
{
	FieldTrace	trace;			/* must be first */
	ColumnMap	map;
	int64_t		records;
	int64_t		misfits;		/* values that their columns cannot take */
	ColumnTally *columns;
	Names		leftovers;
	char	   *first_record;	/* as it stands in the file */
	char	   *first_row;		/* as lines of names and values */
} TableTally;

extern TableTally *tally_start(const LogTable *table);
extern void tally_row(TableTally *tally, const RowBuilder *builder, const Record *record);
extern void tally_print(const TableTally *tally);
extern void tally_free(TableTally *tally);

#endif							/* LOAD_TALLY_H */
