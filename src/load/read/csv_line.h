/*-------------------------------------------------------------------------
 *
 * csv_line.h
 *	  One record of CSV, and its cells.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_CSV_LINE_H
#define LOAD_CSV_LINE_H

#include "read/record.h"

/* The cells of one record, which may be several lines of the file. */
typedef struct Cells
{
	char		separator;
	Value	   *values;
	size_t		count;
	size_t		size;
	Buffer		text;			/* of cells that had quotes */
	const char *problem;
	size_t		problem_at;
} Cells;

extern bool scan_csv_record(Input *input, char separator, size_t start, size_t *length, bool *quoted);
extern bool split_csv_record(Cells *cells, const char *text, size_t length);
extern void cells_free(Cells *cells);

#endif							/* LOAD_CSV_LINE_H */
