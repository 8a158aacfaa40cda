/*-------------------------------------------------------------------------
 *
 * csv_reader.h
 *	  Records out of the CSV that the portal exports.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_CSV_READER_H
#define LOAD_CSV_READER_H

#include "read/reader.h"

/* false where reading ended early */
extern bool read_csv(Reader *reader);

#endif							/* LOAD_CSV_READER_H */
