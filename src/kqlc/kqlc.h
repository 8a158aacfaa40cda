/*-------------------------------------------------------------------------
 *
 * kqlc.h
 *	  The KQL compiler: text and schemas in, SQL or placed errors out.
 *
 * Nothing here calls PostgreSQL, so that it serves the extension, the command
 * line and the fuzzer alike.  All text is UTF-8.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef KQLC_H
#define KQLC_H

#include <stdbool.h>
#include <stddef.h>

/* Kusto's types; KQL_NONE is that of what has an error */
typedef enum KqlType
{
	KQL_NONE,
	KQL_BOOL,
	KQL_INT,
	KQL_LONG,
	KQL_REAL,
	KQL_DECIMAL,
	KQL_STRING,
	KQL_GUID,
	KQL_DATETIME,
	KQL_TIMESPAN,
	KQL_DYNAMIC
} KqlType;

/* Where memory comes from; what is allocated is never freed by the compiler */
typedef struct KqlAllocator
{
	void	   *context;
	void	   *(*allocate) (void *context, size_t size);	/* never NULL */
} KqlAllocator;

/* A column of a table that queries can read */
typedef struct KqlSourceColumn
{
	const char *name;			/* as KQL calls it */
	const char *sql_name;		/* as SQL does, quoted where it has to be */
	const char *cast;			/* type it is cast to, or NULL */
	KqlType		type;			/* KQL_NONE if KQL has none for it */
	bool		not_null;
} KqlSourceColumn;

/* A table that queries can read */
typedef struct KqlSourceTable
{
	const char *name;			/* as KQL calls it */
	const char *sql_name;		/* with its schema, quoted where it has to be */
	int			column_count;
	const KqlSourceColumn *columns;
	const char *ingestion_time; /* the column that ingestion_time() is, or
								 * NULL */
} KqlSourceTable;

/* Who knows the tables */
typedef struct KqlSchema
{
	void	   *context;
	/* the table of this name, or NULL */
	const KqlSourceTable *(*find_table) (void *context, const char *name);
	/* the name of the table with this number, or NULL after the last */
	const char *(*table_name) (void *context, int number);
	/* the table that an address is mapped to, or NULL; may be NULL itself */
	const KqlSourceTable *(*find_external) (void *context, const char *address);
} KqlSchema;

/* The value of a query parameter: a string as it is, all else as in literals */
typedef struct KqlParameter
{
	const char *name;
	const char *value;			/* NULL for null */
} KqlParameter;

/* What a compilation is told beside the query */
typedef struct KqlOptions
{
	int			parameter_count;
	const KqlParameter *parameters;
	bool		lacks_values;	/* parameters without a value are null: only
								 * the columns are asked for */
	const char *since;			/* SQL: TimeGenerated of what is read is */
	const char *until;			/* between these, or NULL */
} KqlOptions;

/* An error, at a place of the query: lines and columns count from 1 */
typedef struct KqlError
{
	int			line;
	int			column;
	int			offset;			/* in bytes, from 0 */
	const char *message;
	const char *hint;			/* or NULL */
	struct KqlError *next;
} KqlError;

/* A column of the result */
typedef struct KqlResultColumn
{
	const char *name;
	KqlType		type;
} KqlResultColumn;

/* What a query was compiled to: errors, or SQL */
typedef struct KqlResult
{
	const KqlError *errors;		/* by place, NULL if there are none */
	const char *sql;
	int			column_count;
	const KqlResultColumn *columns;
	int			key_count;		/* the columns of the last summarize by, if */
	const char *const *keys;	/* they tell the rows of the result apart */
	int			table_count;
	const KqlSourceTable *const *tables;	/* what it reads, each once */
} KqlResult;

extern void kql_compile(const char *query, size_t length,
						const KqlSchema *schema, const KqlOptions *options,
						const KqlAllocator *allocator, KqlResult *result);
extern const char *kql_type_name(KqlType type);
extern const char *kql_sql_type(KqlType type);
extern KqlType kql_type_of_name(const char *name);
extern bool kql_describe_function(int number, const char **name,
								  const char **arguments, const char **result,
								  const char **description);

#endif							/* KQLC_H */
