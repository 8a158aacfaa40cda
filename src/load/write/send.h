/*-------------------------------------------------------------------------
 *
 * send.h
 *	  Rows on their way to the server.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_SEND_H
#define LOAD_SEND_H

#include "map/row_builder.h"
#include "write/target_table.h"

extern bool send_row(Writer *writer, TargetTable *target, const RowBuilder *row, const Record *record);
extern bool send_all_rows(Writer *writer);
extern void discard_all_rows(Writer *writer);

#endif							/* LOAD_SEND_H */
