/*-------------------------------------------------------------------------
 *
 * job.c
 *	  One job: files, one after the other, each in a transaction.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "load.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "map/route.h"
#include "read/prefix.h"

/*
 * This file is not loaded, and why.  Of several reasons the first is said.
 */
void
fail_file(Loader *loader, char *reason)
{
	if (!loader->reported)
		message("%s: %s", loader->path, reason);
	free(reason);
	loader->failed = true;
	loader->reported = true;
}

/*
 * This file is not loaded, and where in it the reason is.
 */
void
fail_file_at(Loader *loader, Position position, char *reason)
{
	char	   *with_position = load_printf("%lld:%lld: %s", (long long) position.line,
											(long long) position.column, reason);

	free(reason);
	if (!loader->reported)
		message("%s:%s", loader->path, with_position);
	loader->reported = true;
	fail_file(loader, with_position);
}

/*
 * This file is not loaded, since the server does not take it.
 */
void
fail_connection(Loader *loader, const PGresult *result)
{
	const char *primary = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	const char *detail = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL) : NULL;
	const char *text = primary != NULL ? primary : PQerrorMessage(loader->connection);
	size_t		length = strlen(text);

	while (length > 0 && text[length - 1] == '\n')
		length--;
	loader->lost = loader->lost || PQstatus(loader->connection) == CONNECTION_BAD;
	fail_file(loader, load_printf("%.*s%s%s", (int) length, text,
								  detail != NULL ? ": " : "", detail != NULL ? detail : ""));
}

/*
 * Have this file loaded once more, from its start, without a word; false if that
 * is impossible, or has been tried often enough.
 */
bool
load_again(Loader *loader)
{
	struct stat status;

	/* what is no ordinary file can be read only once */
	if (loader->attempts >= MAX_ATTEMPTS || strcmp(loader->path, "-") == 0 ||
		stat(loader->path, &status) != 0 || !S_ISREG(status.st_mode))
		return false;
	loader->again = true;
	loader->failed = true;
	loader->reported = true;
	return true;
}

/*
 * The sink's warning.
 */
static void
warn_about_file(Sink *sink, const char *text)
{
	report_warning("%s: %s", ((Loader *) sink)->path, text);
}

/*
 * A bad record: the end of the file, or a line in the reject file.
 */
static bool
refuse_record(Sink *sink, const char *text, size_t length, Position position, const char *reason)
{
	Loader	   *loader = (Loader *) sink;

	loader->records++;
	if (loader->options->reject_file != NULL)
		return reject_record(loader, NULL, text, length, position, reason);
	fail_file_at(loader, position, load_strdup(reason));
	return false;
}

/*
 * A record that is no row of a table, because of one field of it or as a whole.
 */
static bool
refuse_row(Loader *loader, Target *target, const Record *record)
{
	size_t		place = locate_field(record, &loader->builder.error_path);
	Position	position = position_after(record->position, record->text, place);

	if (loader->options->reject_file != NULL)
		return reject_record(loader, target, record->text, record->length, position, loader->builder.converter.error);
	fail_file_at(loader, position, load_strdup(loader->builder.converter.error));
	return false;
}

/*
 * Tell the one who watches how far we are.
 */
static void
count_record(Loader *loader)
{
	atomic_store_explicit(&loader->shared->bytes_of_job[loader->job],
						  loader->bytes_before + (loader->source != NULL ? loader->source->bytes_read : 0),
						  memory_order_relaxed);
	atomic_fetch_add_explicit(&loader->shared->rows_read, 1, memory_order_relaxed);
	loader->records++;
	if (loader->tick != NULL)
		loader->tick();
}

/*
 * A record: a row of the table in which it belongs.
 */
static bool
take_record(Sink *sink, const Record *record)
{
	Loader	   *loader = (Loader *) sink;
	const LogTable *log_table = NULL;
	Target	   *target;
	char	   *error = NULL;
	bool		taken;

	count_record(loader);
	if (route_record(record, loader->path, loader->options->table != NULL, &log_table, &error) == ROUTE_NOWHERE)
	{
		taken = refuse_record(sink, record->text, record->length, record->position, error);
		free(error);
		return taken;
	}
	target = open_target(loader, log_table);
	if (target == NULL)
		return false;
	if (!row_builder_fill(&loader->builder, &target->map, record))
		return refuse_row(loader, target, record);
	return copy_row(loader, target, record);
}

/*
 * The last record has no end.  Leave it to a later run, if there can be one.
 */
static void
leave_record(Loader *loader, const LedgerPlace *place, Position position, char *what)
{
	if (!place->numbered)
	{
		fail_file_at(loader, position, what);
		return;
	}
	loader->unfinished = true;
	loader->unfinished_at = position;
	loader->unfinished_why = what;
}

/*
 * Has the file still what we have read of it?  It may have grown, but if it was
 * overwritten we have read some of each.
 */
static bool
check_unchanged(Loader *loader, const LedgerPlace *place, Source *source, Input *input)
{
	Prefix		read = {.size = input->position.offset};
	char		hex[DIGEST_HEX_SIZE];
	bool		at_end;

	if (!place->numbered || !source_was_written(source, &place->opened))
		return true;
	input_digest(input, hex);
	if (source_rewind(source) && digest_prefixes(source, &read, 1, &at_end) && strcmp(read.digest, hex) == 0)
		return true;
	fail_file(loader, load_strdup("file changed while it was read"));
	return false;
}

/*
 * Send what is left to be sent, and enter the file into the ledger.
 */
static bool
finish_content(Loader *loader, const LedgerPlace *place, Source *source, Input *input)
{
	if (loader->failed || !check_unchanged(loader, place, source, input) || !flush_copies(loader))
		return false;
	/* nothing new but the beginning of a record needs no entry */
	return (loader->unfinished && loader->records == 0) || write_ledger(loader, place, input);
}

/*
 * Read the file from an offset, send its rows, and enter it into the ledger;
 * all that is missing then is the commit.
 */
static bool
load_content(Loader *loader, const LedgerPlace *place, Source *source)
{
	Input		input;
	char	   *error = NULL;
	Position	position = {0};
	ReadResult	result;
	bool		loaded;

	input_init(&input, source);
	if (place->resume_at > 0)
		input.skipped_digest = place->resume_digest;
	loader->source = source;
	result = read_records(&input, &loader->sink, place->resume_at, &error, &position);
	loader->source = NULL;
	if (result == READ_FAILED)
		fail_file_at(loader, position, error);
	if (result == READ_UNFINISHED)
		leave_record(loader, place, position, error);
	loaded = result != READ_STOPPED && finish_content(loader, place, source, &input);
	input_free(&input);
	return loaded;
}

/*
 * Ask the ledger whether the file, or which part of it, is to be loaded.
 */
static bool
is_to_be_loaded(Loader *loader, Source *source, LedgerPlace *place)
{
	switch (ask_ledger(loader, source, place))
	{
		case LEDGER_KNOWN:
			loader->known = true;
			return false;
		case LEDGER_CHANGED:
			fail_file(loader, load_strdup("what was loaded of this blob earlier is not what it starts with now;"
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
load_in_transaction(Loader *loader)
{
	Source		source;
	LedgerPlace place = {0};
	bool		loaded;

	if (!open_file(loader, &source, &place.name))
		return false;
	loaded = is_to_be_loaded(loader, &source, &place) && load_content(loader, &place, &source);
	source_close(&source);
	free(place.name);
	return loaded;
}

/*
 * Count what was committed.
 */
static void
count_file(Loader *loader)
{
	for (int i = 0; i < COUNTED_TABLES; i++)
	{
		if (loader->targets[i] == NULL)
			continue;
		loader->shared->rows[i] += loader->targets[i]->row_count;
		if (loader->targets[i]->sent_count > loader->targets[i]->row_count)
			loader->shared->dropped[i] += loader->targets[i]->sent_count - loader->targets[i]->row_count;
		loader->shared->rejected[i] += loader->targets[i]->rejected_count;
		loader->rejected -= loader->targets[i]->rejected_count;
	}
	loader->shared->rejected_elsewhere += loader->rejected;
}

/*
 * Make ready for a file.
 */
static void
start_file(Loader *loader, const char *path)
{
	loader->path = path;
	loader->again = false;
	loader->attempts++;
	loader->failed = false;
	loader->known = false;
	loader->unfinished = false;
	loader->unfinished_why = NULL;
	loader->records = 0;
	loader->reported = false;
	loader->rejected = 0;
}

/*
 * Load a file, all of it or nothing; was it committed?
 */
static bool
try_file(Loader *loader, const char *path)
{
	bool		committed = false;

	start_file(loader, path);
	if (!run_command(loader->connection, "BEGIN"))
		fail_connection(loader, NULL);
	else if (load_in_transaction(loader) && keep_rejects(loader))
	{
		PGresult   *result = PQexec(loader->connection, "COMMIT");

		/* a transaction that has failed answers, too, but by ROLLBACK */
		committed = PQresultStatus(result) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") == 0;
		if (!committed)
			fail_connection(loader, result);
		PQclear(result);
	}
	if (committed)
		count_file(loader);
	forget_copies(loader);
	if (PQtransactionStatus(loader->connection) != PQTRANS_IDLE)
		(void) run_command(loader->connection, "ROLLBACK");
	if (loader->rejects != NULL)
		fclose(loader->rejects);
	loader->rejects = NULL;
	return committed;
}

/*
 * Count a file by what became of it, and say what was left.
 */
static void
count_outcome(Loader *loader, bool committed)
{
	if (loader->known && !loader->failed)
		loader->shared->files_known++;
	else if (!committed)
		loader->shared->files_failed++;
	else if (!loader->unfinished)
		loader->shared->files_loaded++;
	else
	{
		loader->shared->files_unfinished++;
		message("%s:%lld:%lld: %s; it is left to a later run", loader->path,
				(long long) loader->unfinished_at.line, (long long) loader->unfinished_at.column,
				loader->unfinished_why);
	}
}

/*
 * Load a file, and count it.
 */
static void
load_file(Loader *loader, const InputFile *file)
{
	bool		committed;

	loader->attempts = 0;
	do
	{
		committed = try_file(loader, file->path);
		if (!loader->again)
			count_outcome(loader, committed);
		free(loader->unfinished_why);
	} while (loader->again);
	loader->bytes_before += file->size;
	loader->lost = loader->lost || PQstatus(loader->connection) == CONNECTION_BAD;
}

/*
 * Load the files of the list that no other job has taken.
 */
void
load_files(Loader *loader, const FileList *list)
{
	int64_t		i;

	loader->sink.take = take_record;
	loader->sink.refuse = refuse_record;
	loader->sink.warn = warn_about_file;
	while (!loader->lost && (i = loader->shared->next_file++) < (int64_t) list->nfiles)
		load_file(loader, &list->files[i]);
	for (int t = 0; t < COUNTED_TABLES; t++)
		free_target(loader->targets[t]);
	row_builder_free(&loader->builder);
	PQfinish(loader->connection);
	PQfinish(loader->partition_connection);
}
