/*-------------------------------------------------------------------------
 *
 * log_tables.h
 *	  The log tables, as Microsoft documents them.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef KQLC_LOG_TABLES_H
#define KQLC_LOG_TABLES_H

#include "kqlc.h"

/* The last has no name */
extern const KqlSourceTable kql_log_tables[];

#endif							/* KQLC_LOG_TABLES_H */
