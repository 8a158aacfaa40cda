/*-------------------------------------------------------------------------
 *
 * job.c
 *	  One job: files, one after the other, each in a transaction.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "job.h"

#include <stdlib.h>
#include <string.h>

#include "common/messages.h"
#include "map/portal.h"
#include "map/route.h"
#include "map/row_builder.h"
#include "map/unwrap.h"
#include "open_file.h"
#include "read/prefix.h"
#include "read/records.h"
#include "search_dates.h"
#include "write/copy.h"
#include "write/failure.h"
#include "write/ledger.h"
#include "write/reject.h"
#include "write/send.h"

/* One job. */
struct LoadJob
{
	Sink		sink;			/* must be first */
	Writer		writer;
	LoadCounters *counters;
	int			number;
	void		(*tick) (void); /* shows progress */
	Unwrapper	unwrapper;
	Portal		portal;
	RowBuilder	builder;
	int64_t		records;		/* of this file that were read */
	UnknownLogs unknown;		/* ... without a table for them */
	const Source *source;		/* of this file, while it is read */
	int64_t		bytes_before;	/* of earlier files */
	bool		unfinished;		/* but for its last record it is loaded */
	Position	unfinished_at;
	char	   *unfinished_why;
};

/*
 * The sink's warning.
 */
static void
warn_about_file(Sink *sink, const char *text)
{
	report_warning("%s: %s", ((LoadJob *) sink)->writer.path, text);
}

/*
 * A bad record: the end of the file, or a line in the reject file.
 */
static bool
refuse_record(Sink *sink, const char *text, size_t length, Position position, const char *reason)
{
	LoadJob    *job = (LoadJob *) sink;

	job->records++;
	if (job->writer.options->reject_file != NULL)
		return reject_record(&job->writer, NULL, text, length, position, reason);
	fail_file_at(&job->writer, position, load_strdup(reason));
	return false;
}

/*
 * A record that is no row of a table, because of one field of it or as a whole.
 */
static bool
refuse_row(LoadJob *job, TargetTable *target, const Record *record)
{
	size_t		place = locate_field(record, &job->builder.error_path);
	Position	position = position_after(record->position, record->text, place);
	const char *reason = job->builder.converter.error;

	/* what nobody can tell of one date, nobody can of others */
	if (job->writer.options->reject_file != NULL && !job->builder.converter.order_missing)
		return reject_record(&job->writer, target, record->text, record->length, position, reason);
	fail_file_at(&job->writer, position, load_strdup(reason));
	return false;
}

/*
 * Tell the one who watches how far we are.
 */
static void
count_record(LoadJob *job)
{
	atomic_store_explicit(&job->counters->bytes_of_job[job->number],
						  job->bytes_before + (job->source != NULL ? job->source->bytes_read : 0),
						  memory_order_relaxed);
	atomic_fetch_add_explicit(&job->counters->rows_read, 1, memory_order_relaxed);
	job->records++;
	if (job->tick != NULL)
		job->tick();
}

/*
 * The target that is a log table, or --table for NULL; NULL if that fails.
 */
static TargetTable *
target_of_table(LoadJob *job, const LogTable *log_table)
{
	TargetTable *target = known_target(&job->writer, log_table);

	/* the connection must be free to be asked */
	if (target == NULL && end_copy(&job->writer))
		target = find_target(&job->writer, log_table);
	return target;
}

/*
 * A record of a log that has no table: it is left out, or a bad one.
 */
static bool
take_unknown(LoadJob *job, const Record *record, const Route *route)
{
	count_unknown(&job->unknown, route->log, 1);
	if (job->writer.options->skip_unknown)
		return true;
	return refuse_record(&job->sink, record->text, record->length, record->position, route->error);
}

/*
 * A row of a table.
 */
static bool
take_row(LoadJob *job, const Record *record, const Route *route)
{
	TargetTable *target = target_of_table(job, route->table);

	if (target == NULL)
		return false;
	/* a table that is like a log table takes no other log */
	if (route->log != NULL && target->map.table != NULL)
		return take_unknown(job, record, route);
	if (!fill_dated_row(&job->builder, &target->map, record, job->writer.path))
		return refuse_row(job, target, record);
	return send_row(&job->writer, target, &job->builder, record);
}

/*
 * A record: a row of the table in which it belongs.
 */
static bool
take_record(Sink *sink, const Record *record)
{
	LoadJob    *job = (LoadJob *) sink;
	Route		route;
	bool		taken;

	count_record(job);
	if (must_stop(&job->writer))
		return false;
	record = portal_record(&job->portal, unwrap_record(&job->unwrapper, record));
	route_record(record, job->writer.path, job->writer.options->table, &route);
	switch (route.kind)
	{
		case ROUTE_NOWHERE:
			taken = refuse_record(sink, record->text, record->length, record->position, route.error);
			break;
		case ROUTE_NO_TABLE:
			taken = take_unknown(job, record, &route);
			break;
		default:
			taken = take_row(job, record, &route);
	}
	route_free(&route);
	return taken;
}

/*
 * The last record has no end.  Leave it to a later run, if there can be one.
 */
static void
leave_record(LoadJob *job, const LedgerPlace *place, Position position, char *what)
{
	if (!place->numbered)
	{
		fail_file_at(&job->writer, position, what);
		return;
	}
	job->unfinished = true;
	job->unfinished_at = position;
	job->unfinished_why = what;
}

/*
 * Has the file still what we have read of it?  It may have grown, but if it was
 * overwritten we have read some of each.
 */
static bool
check_unchanged(LoadJob *job, const LedgerPlace *place, Source *source, Input *input)
{
	Prefix		read = {.size = input->position.offset};
	char		hex[DIGEST_HEX_SIZE];
	bool		at_end;

	if (!place->numbered || !source_was_written(source, &place->opened))
		return true;
	input_digest(input, hex);
	if (source_rewind(source) && digest_prefixes(source, &read, 1, &at_end) && strcmp(read.digest, hex) == 0)
		return true;
	fail_file(&job->writer, load_strdup("file changed while it was read"));
	return false;
}

/*
 * Send what is left to be sent, and enter the file into the ledger.
 */
static bool
finish_content(LoadJob *job, const LedgerPlace *place, Source *source, Input *input)
{
	if (job->writer.failed || must_stop(&job->writer) || !check_unchanged(job, place, source, input) || !send_all_rows(&job->writer))
		return false;
	/* nothing new but the beginning of a record needs no entry */
	return (job->unfinished && job->records == 0) || write_ledger(&job->writer, place, input);
}

/*
 * Read the file from an offset, send its rows, and enter it into the ledger;
 * all that is missing then is the commit.
 */
static bool
load_content(LoadJob *job, const LedgerPlace *place, Source *source)
{
	Input		input;
	char	   *error = NULL;
	Position	position = {0};
	ReadResult	result;
	bool		loaded;

	input_init(&input, source);
	if (place->resume_at > 0)
		input.skipped_digest = place->resume_digest;
	job->source = source;
	result = read_records(&input, &job->sink, place->resume_at, &error, &position);
	job->source = NULL;
	if (result == READ_FAILED)
		fail_file_at(&job->writer, position, error);
	if (result == READ_UNFINISHED)
		leave_record(job, place, position, error);
	loaded = result != READ_STOPPED && finish_content(job, place, source, &input);
	input_free(&input);
	return loaded;
}

/*
 * Ask the ledger whether the file, or which part of it, is to be loaded.
 */
static bool
is_to_be_loaded(LoadJob *job, Source *source, LedgerPlace *place)
{
	switch (ask_ledger(&job->writer, source, place))
	{
		case LEDGER_KNOWN:
			job->writer.known = true;
			return false;
		case LEDGER_CHANGED:
			fail_file(&job->writer, load_strdup("what was loaded of this blob earlier is not what it starts with now;"
												" azhunt.loaded_files has its name and size"));
			return false;
		case LEDGER_ERROR:
			return false;
		default:
			return true;
	}
}

/*
 * Load what is not loaded yet of a file, but for the commit.
 */
static bool
load_in_transaction(LoadJob *job)
{
	Source		source;
	LedgerPlace place = {0};
	bool		loaded;

	if (!open_file(&job->writer, &source, &place.name))
		return false;
	loaded = is_to_be_loaded(job, &source, &place) && load_content(job, &place, &source);
	source_close(&source);
	free(place.name);
	return loaded;
}

/*
 * Count what was committed.
 */
static void
count_file(LoadJob *job)
{
	for (int i = 0; i < COUNTED_TABLES; i++)
	{
		const TargetTable *target = job->writer.targets[i];

		if (target == NULL)
			continue;
		job->counters->rows[i] += target->row_count;
		if (target->sent_count > target->row_count)
			job->counters->dropped[i] += target->sent_count - target->row_count;
		job->counters->rejected[i] += target->rejected_count;
		job->counters->misfits[i] += target->misfit_count;
		for (int k = 0; k < MAX_NEEDED; k++)
			job->counters->missing[i][k] += target->missing_count[k];
		job->writer.rejected -= target->rejected_count;
	}
	job->counters->rejected_elsewhere += job->writer.rejected;
	add_unknown(&job->counters->unknown[job->number], &job->unknown);
}

/*
 * Make ready for a file.
 */
static void
start_file(LoadJob *job, const char *path)
{
	job->writer.path = path;
	job->writer.again = false;
	job->writer.attempts++;
	job->writer.failed = false;
	job->writer.known = false;
	job->unfinished = false;
	job->unfinished_why = NULL;
	job->records = 0;
	memset(&job->unknown, 0, sizeof(job->unknown));
	date_orders_reset(&job->builder.converter.dates);
	portal_forget(&job->portal);
	job->writer.reported = false;
	job->writer.rejected = 0;
}

/*
 * Load a file, all of it or nothing; was it committed?
 */
static bool
try_file(LoadJob *job, const char *path)
{
	bool		committed = false;

	start_file(job, path);
	if (!run_command(job->writer.connection, "BEGIN"))
		fail_connection(&job->writer, NULL);
	else if (load_in_transaction(job) && keep_rejects(&job->writer))
	{
		PGresult   *result = PQexec(job->writer.connection, "COMMIT");

		/* a transaction that has failed answers, too, but by ROLLBACK */
		committed = PQresultStatus(result) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") == 0;
		if (!committed)
			fail_connection(&job->writer, result);
		PQclear(result);
	}
	if (committed)
		count_file(job);
	discard_all_rows(&job->writer);
	if (PQtransactionStatus(job->writer.connection) != PQTRANS_IDLE)
		(void) run_command(job->writer.connection, "ROLLBACK");
	if (job->writer.rejects != NULL)
		fclose(job->writer.rejects);
	job->writer.rejects = NULL;
	return committed;
}

/*
 * Count a file by what became of it, and say what was left.
 */
static FileOutcome
count_outcome(LoadJob *job, bool committed)
{
	if (job->writer.known && !job->writer.failed)
	{
		job->counters->files_known++;
		return FILE_KNOWN;
	}
	if (!committed)
	{
		job->counters->files_failed++;
		return FILE_FAILED;
	}
	if (!job->unfinished)
	{
		job->counters->files_loaded++;
		return FILE_LOADED;
	}
	job->counters->files_unfinished++;
	message("%s:%lld:%lld: %s; it is left to a later run", job->writer.path,
			(long long) job->unfinished_at.line, (long long) job->unfinished_at.column,
			job->unfinished_why);
	return FILE_UNFINISHED;
}

/*
 * Load a file, and count it.
 */
FileOutcome
load_file(LoadJob *job, const InputFile *file)
{
	FileOutcome outcome = FILE_FAILED;
	bool		committed;

	job->writer.attempts = 0;
	do
	{
		committed = try_file(job, file->path);
		if (!job->writer.again)
			outcome = count_outcome(job, committed);
		free(job->unfinished_why);
	} while (job->writer.again);
	job->bytes_before += file->size;
	job->writer.lost = job->writer.lost || PQstatus(job->writer.connection) == CONNECTION_BAD;
	return outcome;
}

/*
 * Make ready to load files on a connection, which is the job's from now on.
 */
LoadJob *
start_job(PGconn *connection, Options *options, LoadCounters *counters, int number, void (*tick) (void))
{
	LoadJob    *job = load_calloc(1, sizeof(LoadJob));

	job->sink = (Sink)
	{
		take_record, refuse_record, warn_about_file
	};
	job->writer.options = &options->write;
	job->writer.server = &options->connection;
	job->writer.connection = connection;
	job->counters = counters;
	job->number = number;
	job->builder.converter.dates.option = options->dates;
	job->tick = tick;
	return job;
}

/*
 * Give back what a job had.
 */
void
end_job(LoadJob *job)
{
	for (int i = 0; i < COUNTED_TABLES; i++)
		free_target(job->writer.targets[i]);
	date_orders_reset(&job->builder.converter.dates);
	unwrapper_free(&job->unwrapper);
	portal_free(&job->portal);
	row_builder_free(&job->builder);
	PQfinish(job->writer.connection);
	PQfinish(job->writer.partition_connection);
	free(job);
}

/*
 * Load the files of the list that no other job has taken, on a connection that
 * is closed then; false if it was lost.
 */
bool
run_job(PGconn *connection, Options *options, const FileList *list,
		LoadCounters *counters, int number, void (*tick) (void))
{
	LoadJob    *job = start_job(connection, options, counters, number, tick);
	bool		lost;
	int64_t		i;

	while (!job->writer.lost && (i = counters->next_file++) < (int64_t) list->nfiles)
		(void) load_file(job, &list->files[i]);
	lost = job->writer.lost;
	end_job(job);
	return !lost;
}
