/*-------------------------------------------------------------------------
 *
 * batch.h
 *	  Rows that are sent again without those that the server refuses.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_BATCH_H
#define LOAD_BATCH_H

#include "write/target_table.h"

extern bool send_batch(Writer *writer, TargetTable *target);

#endif							/* LOAD_BATCH_H */
