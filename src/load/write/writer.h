/*-------------------------------------------------------------------------
 *
 * writer.h
 *	  What the files of this directory know of a server and of a file.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_WRITER_H
#define LOAD_WRITER_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "map/log_tables.h"
#include "write/connection.h"

/* the log tables, and --table */
#define COUNTED_TABLES	(LOG_TABLES + 1)

/* How to write. */
typedef struct WriteOptions
{
	const char *table;			/* for records that name none */
	const char *reject_file;
	int			wait;			/* seconds, for other loaders */
	bool		no_partitions;
	bool		skip_unknown;	/* records of logs without a table */
} WriteOptions;

typedef struct TargetTable TargetTable;

/* What writes the rows of files, and what became of the file that it is at. */
typedef struct Writer
{
	const WriteOptions *options;
	ConnectionOptions *server;	/* takes the password, once it is asked for */
	PGconn	   *connection;
	PGconn	   *partition_connection;
	TargetTable *targets[COUNTED_TABLES];
	TargetTable *copying;		/* whose COPY is in progress */
	bool		ledger_seen;	/* its rows are not hidden from us */
	bool		lost;			/* the connection */

	const char *path;			/* of this file */
	int			attempts;		/* to load this file */
	bool		failed;			/* this file cannot be loaded any more */
	bool		known;			/* ... since it has been loaded already */
	bool		reported;		/* and it has been said why */
	bool		again;			/* this file is to be loaded once more */
	FILE	   *rejects;		/* of this file */
	int64_t		rejected;
} Writer;

#endif							/* LOAD_WRITER_H */
