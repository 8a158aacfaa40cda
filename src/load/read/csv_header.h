/*-------------------------------------------------------------------------
 *
 * csv_header.h
 *	  The line of CSV that names the columns, and what separates them.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_CSV_HEADER_H
#define LOAD_CSV_HEADER_H

#include "read/csv_line.h"
#include "read/reader.h"

extern bool read_csv_header(Reader *reader, Cells *cells, Header *header);

#endif							/* LOAD_CSV_HEADER_H */
