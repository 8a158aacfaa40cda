/*-------------------------------------------------------------------------
 *
 * explain.c
 *	  What would be loaded of files, without a server.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/messages.h"
#include "map/portal.h"
#include "map/route.h"
#include "map/unwrap.h"
#include "read/records.h"
#include "search_dates.h"
#include "tally.h"
#include "unknown_logs.h"

/* so many bad records are shown, and the others counted */
#define MAX_SHOWN_BAD	5

#define SHAPES	(RECORD_PORTAL + 1)

/* A file that is explained. */
typedef struct Explanation
{
	Sink		sink;			/* must be first */
	const Options *options;
	const char *path;
	Unwrapper	unwrapper;
	Portal		portal;
	RowBuilder	builder;
	TableTally *tables[LOG_TABLES];
	UnknownLogs unknown;
	int64_t		shapes[SHAPES]; /* records of each shape */
	int64_t		for_option;		/* records for a table that only the server
								 * knows */
	int64_t		bad;
	Buffer		problems;
} Explanation;

/* What one record of each shape is, and several */
static const char *const shape_names[SHAPES][2] = {
	[RECORD_RAW] = {"raw diagnostic record", "raw diagnostic records"},
	[RECORD_LISTED] = {"record as Microsoft Graph or the REST API lists it",
	"records as Microsoft Graph or the REST API lists them"},
	[RECORD_NAMED] = {"JSON object with the columns of a log table",
	"JSON objects with the columns of a log table"},
	[RECORD_ARRAY] = {"row of a query's answer", "rows of a query's answer"},
	[RECORD_CSV] = {"line of CSV with the columns of a log table",
	"lines of CSV with the columns of a log table"},
	[RECORD_PORTAL] = {"line of the Entra portal's CSV, read as what Microsoft Graph lists",
	"lines of the Entra portal's CSV, read as what Microsoft Graph lists"}
};

/*
 * Note a bad record.
 */
static void
note_bad(Explanation *explanation, Position position, const char *reason)
{
	if (explanation->bad++ < MAX_SHOWN_BAD)
		buffer_printf(&explanation->problems, "  %" PRId64 ":%" PRId64 ": %s\n", position.line, position.column, reason);
}

/*
 * The sink's bad record.
 */
static bool
explain_bad(Sink *sink, const char *text, size_t length, Position position, const char *reason)
{
	(void) text;
	(void) length;
	note_bad((Explanation *) sink, position, reason);
	return true;
}

/*
 * The sink's warning.
 */
static void
explain_warning(Sink *sink, const char *text)
{
	buffer_printf(&((Explanation *) sink)->problems, "  %s\n", text);
}

/*
 * A row of a log table.
 */
static void
explain_row(Explanation *explanation, const LogTable *table, const Record *record)
{
	TableTally **tally = &explanation->tables[table - log_tables];
	RowBuilder *builder = &explanation->builder;

	if (*tally == NULL)
		*tally = tally_start(table);
	if (!fill_dated_row(builder, &(*tally)->map, record, explanation->path))
	{
		note_bad(explanation, position_after(record->position, record->text, locate_field(record, &builder->error_path)),
				 builder->converter.error);
		return;
	}
	/* once more, as it is certain now that the record counts */
	builder->trace = &(*tally)->trace;
	(void) row_builder_fill(builder, &(*tally)->map, record);
	builder->trace = NULL;
	tally_row(*tally, builder, record);
}

/*
 * The sink's record.
 */
static bool
explain_record(Sink *sink, const Record *record)
{
	Explanation *explanation = (Explanation *) sink;
	Route		route;

	explanation->shapes[record->shape]++;
	record = portal_record(&explanation->portal, unwrap_record(&explanation->unwrapper, record));
	route_record(record, explanation->path, explanation->options->write.table, &route);
	switch (route.kind)
	{
		case ROUTE_LOG_TABLE:
			explain_row(explanation, route.table, record);
			break;
		case ROUTE_OTHER_TABLE:
			explanation->for_option++;
			break;
		case ROUTE_NO_TABLE:
			count_unknown(&explanation->unknown, route.log, 1);
			break;
		default:
			note_bad(explanation, record->position, route.error);
	}
	route_free(&route);
	return true;
}

/*
 * Print what may hold anything.
 */
static void
print_text(const char *text, size_t length)
{
	Buffer		shown = {0};

	append_for_terminal(&shown, text, length);
	buffer_append_byte(&shown, '\0');
	fputs(shown.data, stdout);
	buffer_free(&shown);
}

/*
 * Print what the file holds.
 */
static void
print_shapes(const Explanation *explanation, const Source *source)
{
	bool		any = false;

	for (int i = 0; i < SHAPES; i++)
	{
		if (explanation->shapes[i] == 0)
			continue;
		printf("  %" PRId64 " %s\n", explanation->shapes[i],
			   counted(explanation->shapes[i], shape_names[i][0], shape_names[i][1]));
		any = true;
	}
	if (!any)
		printf("  no records\n");
	if (source->compressed)
		printf("  compressed with gzip\n");
}

/*
 * Print what was found out of a file.
 */
static void
print_explanation(const Explanation *explanation, const Source *source)
{
	print_text(explanation->path, strlen(explanation->path));
	printf("\n");
	print_shapes(explanation, source);
	print_text(explanation->problems.data, explanation->problems.length);
	if (explanation->bad > MAX_SHOWN_BAD)
		printf("  ... %" PRId64 " bad records in all\n", explanation->bad);
	for (int i = 0; i < MAX_UNKNOWN_LOGS; i++)
	{
		if (explanation->unknown.logs[i].records > 0)
			printf("  %s: %" PRId64 " %s out\n",
				   explanation->unknown.logs[i].name, explanation->unknown.logs[i].records,
				   counted(explanation->unknown.logs[i].records,
						   "record without a table for it; --skip-unknown leaves it",
						   "records without a table for them; --skip-unknown leaves them"));
	}
	if (explanation->for_option > 0)
		printf("  %" PRId64 " %s for table %s, whose columns only the server knows\n",
			   explanation->for_option, counted(explanation->for_option, "record", "records"),
			   explanation->options->write.table);
	for (int i = 0; i < LOG_TABLES; i++)
	{
		if (explanation->tables[i] != NULL && explanation->tables[i]->records > 0)
			tally_print(explanation->tables[i]);
	}
}

/*
 * Give all memory back.
 */
static void
end_explanation(Explanation *explanation)
{
	for (int i = 0; i < LOG_TABLES; i++)
	{
		if (explanation->tables[i] != NULL)
			tally_free(explanation->tables[i]);
	}
	date_orders_reset(&explanation->builder.converter.dates);
	unwrapper_free(&explanation->unwrapper);
	portal_free(&explanation->portal);
	row_builder_free(&explanation->builder);
	buffer_free(&explanation->problems);
}

/*
 * Explain one file; would all of it be loaded?
 */
static bool
explain_file(const Options *options, const char *path)
{
	Explanation explanation = {
		.sink = {explain_record, explain_bad, explain_warning},
		.options = options,
		.path = path,
		.builder.converter.dates.option = options->dates
	};
	Source		source;
	Input		input;
	char	   *error = NULL;
	Position	position = {0};
	ReadResult	result;
	bool		ok;

	if (!source_open(&source, path))
	{
		report_error("%s: %s", path, source.error);
		return false;
	}
	input_init(&input, &source);
	result = read_records(&input, &explanation.sink, 0, &error, &position);
	if (result == READ_FAILED || result == READ_UNFINISHED)
		note_bad(&explanation, position, error);
	print_explanation(&explanation, &source);
	ok = result == READ_DONE && explanation.bad == 0;
	for (int i = 0; i < MAX_UNKNOWN_LOGS && !options->write.skip_unknown; i++)
		ok = ok && explanation.unknown.logs[i].records == 0;
	input_free(&input);
	source_close(&source);
	end_explanation(&explanation);
	free(error);
	return ok;
}

/*
 * Explain files; would all of them be loaded?
 */
bool
explain_files(const Options *options, const FileList *list)
{
	bool		ok = !list->failed;

	for (size_t i = 0; i < list->nfiles; i++)
	{
		if (i > 0)
			printf("\n");
		ok = explain_file(options, list->files[i].path) && ok;
	}
	return ok;
}
