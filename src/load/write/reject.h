/*-------------------------------------------------------------------------
 *
 * reject.h
 *	  Records that are not loaded, and why.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_REJECT_H
#define LOAD_REJECT_H

#include "write/target_table.h"

extern bool reject_record(Writer *writer, TargetTable *target, const char *text, size_t length,
						  Position position, const char *reason);
extern bool keep_rejects(Writer *writer);

#endif							/* LOAD_REJECT_H */
