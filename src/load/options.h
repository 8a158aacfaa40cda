/*-------------------------------------------------------------------------
 *
 * options.h
 *	  The command line.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_OPTIONS_H
#define LOAD_OPTIONS_H

#include "map/date_order.h"
#include "write/writer.h"

/* Exit statuses. */
#define EXIT_ALL_LOADED	0
#define EXIT_NOT_LOADED	1		/* some file */
#define EXIT_TROUBLE	2		/* wrong usage, no connection, or no room for
								 * what --explain says */

#define MAX_JOBS	64

typedef struct Options
{
	ConnectionOptions connection;
	WriteOptions write;
	DateOrder	dates;
	int			jobs;
	bool		quiet;
	bool		explain;		/* load nothing */
	bool		watch;			/* load what arrives */
	int			interval;		/* seconds between looks at the directories */
	bool		create;			/* the extension and log tables */
	char	  **paths;
	int			npaths;
} Options;

extern void parse_options(Options *options, int argc, char **argv);

#endif							/* LOAD_OPTIONS_H */
