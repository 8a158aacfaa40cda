/*-------------------------------------------------------------------------
 *
 * log_tables.h
 *	  Which table and column takes what.
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

typedef enum FieldRule
{
	TAKE,						/* the column takes the value */
	FOLD,						/* ... in lower case */
	SECOND						/* ... if no other field gave it one */
} FieldRule;

/* A field of raw records, and the column that takes it. */
typedef struct FieldMapping
{
	unsigned	tables;
	const char *field;
	const char *column;
	FieldRule	rule;
} FieldMapping;

typedef enum DerivationRule
{
	WHOLE,						/* the value itself */
	MEMBER,						/* of a JSON object, the member */
	OPERATION,					/* the member, or value, if it is like a/b/c */
	SUBSCRIPTION,				/* of a resource id, the subscription */
	RESOURCE_GROUP,				/* ... the resource group */
	PROVIDER					/* ... the last provider */
} DerivationRule;

/* A column that a field fills which another column may hold already. */
typedef struct Derivation
{
	unsigned	tables;
	const char *column;
	const char *raw_field;		/* NULL if raw records don't have it */
	const char *named_field;	/* of records with the names of columns */
	DerivationRule rule;
	const char *member;
} Derivation;

/* What a category, or a part of a path, says about the table. */
typedef struct CategoryMapping
{
	const char *category;
	unsigned	tables;			/* two where the storage service must decide */
} CategoryMapping;

extern const LogTable log_tables[LOG_TABLES];
extern const FieldMapping field_mappings[];
extern const Derivation derivations[];

extern const LogTable *log_table_of_bit(unsigned bit);
extern const LogTable *log_table_by_name(const char *name, size_t length);
extern unsigned tables_of_category(const char *category, size_t length);
extern unsigned table_of_storage_service(const char *hint, size_t length);
extern unsigned tables_of_container(const char *path);
extern const LogTable *log_table_in_path(const char *path);

#endif							/* LOAD_LOG_TABLES_H */
