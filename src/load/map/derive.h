/*-------------------------------------------------------------------------
 *
 * derive.h
 *	  Columns that are filled from other fields of a record.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_DERIVE_H
#define LOAD_DERIVE_H

#include "map/field_trace.h"
#include "map/value.h"

extern bool resource_part(const Value *id, const char *name, Value *part);
extern bool derive_columns(ValueConverter *converter, const ColumnMap *map, const Record *record, Cell *cells,
						   FieldTrace *trace);

#endif							/* LOAD_DERIVE_H */
