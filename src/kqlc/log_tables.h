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

#include <string.h>

#include "kqlc.h"

/* The last has no name */
extern const KqlSourceTable kql_log_tables[];

/*
 * The log table of that name, or NULL.
 */
static inline const KqlSourceTable *
kql_find_log_table(const char *name)
{
	for (const KqlSourceTable *table = kql_log_tables; table->name != NULL; table++)
	{
		if (strcmp(table->name, name) == 0)
			return table;
	}
	return NULL;
}

#endif							/* KQLC_LOG_TABLES_H */
