/*-------------------------------------------------------------------------
 *
 * log_tables.h
 *	  The log tables, and what says that a record belongs in one.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_LOG_TABLES_H
#define LOAD_LOG_TABLES_H

#include <stdbool.h>
#include <stddef.h>

/* The log tables, as bits. */
#define BLOB			1		/* StorageBlobLogs */
#define FILES			2		/* StorageFileLogs */
#define SIGNIN			4		/* SigninLogs */
#define NONINTERACTIVE	8		/* AADNonInteractiveUserSignInLogs */
#define ACTIVITY		16		/* AzureActivity */
#define STORAGE			(BLOB | FILES)
#define SIGNINS			(SIGNIN | NONINTERACTIVE)
#define ALL_TABLES		(STORAGE | SIGNINS | ACTIVITY)

#define LOG_TABLES		5

typedef struct LogTable
{
	const char *name;			/* in Log Analytics; folded, it is ours */
	unsigned	bit;
} LogTable;

extern const LogTable log_tables[LOG_TABLES];

extern const LogTable *log_table_of_bit(unsigned bit);
extern const LogTable *log_table_by_name(const char *name, size_t length);
extern unsigned tables_of_category(const char *category, size_t length);
extern unsigned table_of_storage_service(const char *hint, size_t length);
extern unsigned tables_of_container(const char *path);
extern const LogTable *log_table_in_path(const char *path);

#endif							/* LOAD_LOG_TABLES_H */
