/*-------------------------------------------------------------------------
 *
 * search_dates.h
 *	  Looking through a file for a date that tells where months are.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_SEARCH_DATES_H
#define LOAD_SEARCH_DATES_H

#include "map/row_builder.h"

extern bool fill_dated_row(RowBuilder *builder, const ColumnMap *map, const Record *record, const char *path);

#endif							/* LOAD_SEARCH_DATES_H */
