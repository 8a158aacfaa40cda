/*-------------------------------------------------------------------------
 *
 * load.h
 *	  azhunt-load, from Azure's files to the log tables.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_LOAD_H
#define LOAD_LOAD_H

#include <libpq-fe.h>
#include <stdatomic.h>
#include <stdio.h>

#include "map/row_builder.h"
#include "read/find_files.h"
#include "read/records.h"

#define PROGRAM	"azhunt-load"

/* Exit statuses. */
#define EXIT_ALL_LOADED	0
#define EXIT_NOT_LOADED	1		/* some file */
#define EXIT_TROUBLE	2		/* wrong usage, or no connection */

typedef enum PasswordPrompt
{
	PROMPT_IF_NEEDED,
	PROMPT_ALWAYS,
	PROMPT_NEVER
} PasswordPrompt;

typedef struct Options
{
	const char *dbname;			/* or a connection string */
	const char *host;
	const char *port;
	const char *user;
	PasswordPrompt prompt;
	char	   *password;
	const char *table;
	const char *reject_file;
	int			jobs;
	int			wait;			/* seconds, for other loaders */
	bool		no_partitions;
	bool		quiet;
	char	  **paths;
	int			npaths;
} Options;

#define MAX_JOBS	64

/* how often a file is loaded while others add partitions, or load the same */
#define MAX_ATTEMPTS	10

/* the log tables, and --table */
#define COUNTED_TABLES	(LOG_TABLES + 1)

/* What all jobs count together, in shared memory. */
typedef struct Shared
{
	_Atomic int64_t next_file;
	_Atomic int64_t rows_read;	/* also of files that are not loaded in the
								 * end */
	_Atomic int64_t bytes_of_job[MAX_JOBS];
	_Atomic int64_t rows[COUNTED_TABLES];
	_Atomic int64_t dropped[COUNTED_TABLES];	/* rows that were sent and are
												 * not stored */
	_Atomic int64_t rejected[COUNTED_TABLES];
	_Atomic int64_t rejected_elsewhere; /* whose table is not known */
	_Atomic int64_t files_loaded;
	_Atomic int64_t files_known;
	_Atomic int64_t files_failed;
	_Atomic int64_t files_unfinished;	/* loaded but for their last record */
} Shared;

/* A day or more that has partitions already. */
typedef struct DayRange
{
	int64_t		first;
	int64_t		end;			/* the day after the last */
} DayRange;

/* Where a row of the COPY that is open, or to come, is from. */
typedef struct RowOrigin
{
	Position	position;
	size_t		row_end;		/* in rows */
	size_t		record_end;		/* in records */
} RowOrigin;

/* A table that takes rows. */
typedef struct Target
{
	int			counter;		/* in Shared */
	char	   *name;			/* quoted, with its schema */
	char	   *copied_name;	/* as COPY's errors call it */
	char	   *oid;
	char	   *copy_command;
	char	   *insert_command; /* from the staging table, for a view */
	char	   *stage_command;
	ColumnMap		map;
	Buffer		rows;			/* for COPY, not yet sent */
	Buffer		records;		/* as in the file, if they may be rejected */
	RowOrigin  *origins;
	int			norigins;
	int			origins_size;
	int64_t		sent_count;		/* rows of this file that the server took, */
	int64_t		row_count;		/* and that it stored */
	int64_t		rejected_count;
	bool		staged;			/* the staging table is there */

	bool		by_day;			/* partitioned by time */
	const char *add_query;		/* adds a day's partition */
	bool		hasty;			/* waiting for others did not help last time */
	DayRange   *ranges;
	size_t		nranges;
	size_t		new_days;		/* added for this file */
	bool		to_default;		/* this file has rows without a day's
								 * partition */
} Target;

/* One job. */
typedef struct Loader
{
	Sink		sink;			/* must be first */
	Options    *options;		/* takes the password, once it is asked for */
	Shared	   *shared;
	int			job;
	void		(*tick) (void); /* shows progress */
	PGconn	   *connection;
	PGconn	   *partition_connection;
	Target	   *targets[COUNTED_TABLES];
	Target	   *open;			/* whose COPY is in progress */
	RowBuilder			builder;
	bool		failed;			/* this file cannot be loaded any more */
	bool		known;			/* ... since it has been loaded already */
	bool		reported;		/* and it has been said why */
	bool		unfinished;		/* but for its last record it is loaded */
	Position	unfinished_at;
	char	   *unfinished_why;
	int64_t		records;		/* of this file that were read */
	bool		ledger_seen;	/* its rows are not hidden from us */
	bool		lost;			/* the connection */
	bool		again;			/* this file is to be loaded once more */
	int			attempts;		/* to load this file */
	const char *path;			/* of this file */
	const Source *source;
	int64_t		bytes_before;	/* of earlier files */
	FILE	   *rejects;		/* of this file */
	int64_t		rejected;
} Loader;

/* Where a file stands in the ledger. */
typedef struct LedgerPlace
{
	char	   *name;
	bool		numbered;		/* loads of the name have numbers, as the file
								 * can be read again */
	struct stat opened;			/* the file before it was read */
	int64_t		part;			/* that of this load */
	int64_t		resume_at;		/* what is before it was loaded earlier, */
	char		resume_digest[DIGEST_HEX_SIZE]; /* and has this digest */
} LedgerPlace;

/* What the ledger says about a file. */
typedef enum LedgerAnswer
{
	LEDGER_NEW,
	LEDGER_KNOWN,				/* all of it was loaded */
	LEDGER_GROWN,				/* its beginning was loaded */
	LEDGER_CHANGED,				/* what was loaded is not its beginning */
	LEDGER_ERROR
} LedgerAnswer;

/* options.c */
extern void parse_options(Options *options, int argc, char **argv);

/* messages.c */
extern void clear_progress_line(void);
extern void set_progress_line(const char *text);
extern void message(const char *format,...) printf_like(1, 2);
extern void report_error(const char *format,...) printf_like(1, 2);
extern void report_warning(const char *format,...) printf_like(1, 2);

/* connection.c */
extern PGconn *connect_to_server(Options *options);
extern bool run_command(PGconn *connection, const char *command);
extern PGresult *run_query(PGconn *connection, const char *query, int nparameters,
						   const char *const *parameters);
extern bool result_ok(const PGresult *result);

/* target_table.c */
extern Target *open_target(Loader *loader, const LogTable *log_table);
extern void free_target(Target *target);

/* partitions.c */
extern bool read_partitions(Loader *loader, Target *target);
extern bool provide_partition(Loader *loader, Target *target, int64_t day);
extern bool is_about_partition(const Target *target, const PGresult *result);

/* copy.c */
extern bool copy_row(Loader *loader, Target *target, const Record *record);
extern bool end_copy(Loader *loader);
extern bool flush_copies(Loader *loader);
extern void forget_copies(Loader *loader);

/* reject.c */
extern bool reject_record(Loader *loader, Target *target, const char *text, size_t length,
						  Position position, const char *reason);
extern bool keep_rejects(Loader *loader);

/* ledger.c */
extern char *ledger_name(const char *path);
extern LedgerAnswer ask_ledger(Loader *loader, Source *source, LedgerPlace *place);
extern bool write_ledger(Loader *loader, const LedgerPlace *place, Input *input);

/* turn.c */
extern bool wait_for_turn(Loader *loader, const char *name);
extern char *who_writes(Loader *loader);

/* open_file.c */
extern bool open_file(Loader *loader, Source *source, char **name);

/* job.c */
extern void load_files(Loader *loader, const FileList *list);
extern void fail_file(Loader *loader, char *reason);
extern void fail_file_at(Loader *loader, Position position, char *reason);
extern void fail_connection(Loader *loader, const PGresult *result);
extern bool load_again(Loader *loader);

/* progress.c */
extern void start_progress(Shared *shared, const FileList *list, const Options *options);
extern void show_progress(void);
extern void end_progress(void);
extern void show_summary(const Shared *shared, const Options *options);

#endif							/* LOAD_LOAD_H */
