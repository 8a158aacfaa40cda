/*-------------------------------------------------------------------------
 *
 * log_tables.h
 *	  The log tables, what says that a record belongs in one, and which
 *	  column takes which field.
 *
 * What is told of each table is in descriptions.c, which is written from
 * src/logs/tables.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_LOG_TABLES_H
#define LOAD_LOG_TABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "map/descriptions.h"

typedef enum ColumnType
{
	TYPE_TEXT,
	TYPE_TIME,
	TYPE_DYNAMIC,
	TYPE_BIGINT,
	TYPE_INTEGER,
	TYPE_SMALLINT,
	TYPE_REAL,
	TYPE_BOOLEAN,
	TYPE_OTHER					/* PostgreSQL must find out */
} ColumnType;

/* what is special about a column */
#define COLUMN_HUNTED	1		/* a hunt reads it, so its values must fit */
#define COLUMN_JSON		2		/* of text that may be JSON */

/* A column that Microsoft documents. */
typedef struct ColumnDescription
{
	const char *name;
	ColumnType	type;
	unsigned	flags;
} ColumnDescription;

/* so many columns that a hunt can't do without */
#define MAX_NEEDED	2

/* A column without whose value no hunt finds a row, and what it says. */
typedef struct NeededColumn
{
	const char *what;
	const char *column;
} NeededColumn;

typedef enum FieldRule
{
	TAKE,						/* the column takes the value */
	FOLD,						/* ... in lower case */
	SECOND						/* ... if no other field gave it one */
} FieldRule;

/*
 * A field of raw records, and the column that takes it.
 *
 * Beyond these, a field at the top or in properties is taken by the column of
 * the same name, if the table has one; the case of letters does not matter.
 * What no column takes becomes part of additionalfields.
 */
typedef struct FieldMapping
{
	const char *field;
	const char *column;
	FieldRule	rule;
} FieldMapping;

typedef enum DerivationRule
{
	WHOLE,						/* the value itself */
	MEMBER,						/* of a JSON object, the member */
	ACCOUNT,					/* the member, if it is like live.com#kim, but
								 * without live.com# */
	OPERATION,					/* the member, or value, if it is like a/b/c */
	SUBSCRIPTION,				/* of a resource id, the subscription */
	RESOURCE_GROUP,				/* ... the resource group */
	PROVIDER					/* ... the last provider */
} DerivationRule;

/*
 * A column that is filled from another field of a record that does not bring
 * it itself; of several for one column, the first that has a value.
 */
typedef struct Derivation
{
	const char *column;
	const char *raw_field;		/* NULL if raw records don't have it */
	const char *named_field;	/* of records with the names of columns */
	const char *listed_field;	/* of records that an API lists */
	DerivationRule rule;
	const char *member;
} Derivation;

/* A log table; its lists end with NULL. */
typedef struct LogTable
{
	const char *name;			/* in Log Analytics; folded, it is ours */
	unsigned	bit;
	const char *provider;		/* of its records' resources, or NULL if that
								 * may be any */
	bool		of_tenant;		/* whose resources are those of a tenant, not
								 * of a subscription */
	bool		has_paths;		/* its operations are called like a/b/c, */
	const char *key;			/* the column by which its rows are
								 * distributed over servers */
	bool		key_is_address; /* ... without the port in it */
	const char *const *categories;	/* of diagnostic settings */
	const char *const *verbs;	/* ... and those that are how the operations
								 * of their records end */
	const char *const *containers;	/* beside those named after the categories */
	const char *const *services;	/* in types of resources, where a category
									 * is of several tables */
	const char *const *files;	/* how the portal's downloads are called */
	const ColumnDescription *columns;
	const NeededColumn *needed;
	const FieldMapping *fields;
	const FieldMapping *listed; /* fields of records that an API lists, and */
	const Derivation *derivations;
} LogTable;

/* A table of the user's own with this column is like the log table. */
typedef struct KnownColumn
{
	const char *column;
	const LogTable *table;
} KnownColumn;

extern const LogTable log_tables[LOG_TABLES];
extern const KnownColumn known_columns[];

extern const char *column_type_name(ColumnType type);
extern const LogTable *log_table_of_bit(unsigned bit);
extern const LogTable *log_table_by_name(const char *name, size_t length);
extern unsigned tables_of_category(const char *category, size_t length);
extern bool is_verb_of(const LogTable *table, const char *category, size_t length);
extern unsigned tables_of_service(const char *hint, size_t length);
extern unsigned tables_of_container(const char *path);
extern const LogTable *log_table_in_path(const char *path);
extern const ColumnDescription *describe_column(const LogTable *table, const char *name);

#endif							/* LOAD_LOG_TABLES_H */
