/*-------------------------------------------------------------------------
 *
 * fuzz_reader.c
 *	  Fuzzing of everything between a file's bytes and the rows for COPY.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
/*
 * libFuzzer calls LLVMFuzzerTestOneInput(); replay.c does so for the files of
 * the corpus.  The first byte says which table --table is, or that there is
 * none; the rest is the file.
 */
#include "map/row_builder.h"

#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"
#include "common/bytes.h"
#include "common/utf8.h"
#include "map/portal.h"
#include "map/route.h"
#include "map/times.h"
#include "map/unwrap.h"
#include "read/records.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Columns of every type, and those that rules and derivations are about. */
static const struct
{
	const char *name;
	ColumnType	type;
}			fuzz_columns[] =

{
	{"timegenerated", TYPE_TIME},
	{"caller", TYPE_TEXT},
	{"operationnamevalue", TYPE_TEXT},
	{"activitystatusvalue", TYPE_TEXT},
	{"resourcegroup", TYPE_TEXT},
	{"subscriptionid", TYPE_TEXT},
	{"resourceprovidervalue", TYPE_TEXT},
	{"_resourceid", TYPE_TEXT},
	{"claims", TYPE_TEXT},
	{"claims_d", TYPE_DYNAMIC},
	{"properties", TYPE_TEXT},
	{"ipaddress", TYPE_TEXT},
	{"calleripaddress", TYPE_TEXT},
	{"statuscode", TYPE_TEXT},
	{"status", TYPE_DYNAMIC},
	{"durationms", TYPE_REAL},
	{"contentlengthheader", TYPE_BIGINT},
	{"operationcount", TYPE_INTEGER},
	{"smbcommandmajor", TYPE_SMALLINT},
	{"isinteractive", TYPE_BOOLEAN},
	{"createddatetime", TYPE_TIME},
	{"useragent", TYPE_OTHER},
	{"correlationid", TYPE_TEXT},
	{"distribution_key", TYPE_TEXT},
	{"additionalfields", TYPE_DYNAMIC}
};

#define NCOLUMNS	((int) (sizeof(fuzz_columns) / sizeof(fuzz_columns[0])))

typedef struct FuzzSink
{
	Sink		sink;			/* must be first */
	ColumnMap  *maps;
	const char *option;			/* --table */
	Unwrapper	unwrapper;
	Portal		portal;
	RowBuilder	builder;
	Buffer		out;
} FuzzSink;

/*
 * The maps of all log tables, made once.
 */
static ColumnMap *
get_maps(void)
{
	static ColumnMap maps[LOG_TABLES];

	if (maps[0].columns != NULL)
		return maps;
	for (int t = 0; t < LOG_TABLES; t++)
	{
		Column	   *columns = load_calloc(NCOLUMNS, sizeof(Column));

		for (int i = 0; i < NCOLUMNS; i++)
		{
			columns[i].name = load_strdup(fuzz_columns[i].name);
			columns[i].type = fuzz_columns[i].type;
		}
		column_map_init(&maps[t], &log_tables[t], columns, NCOLUMNS);
	}
	return maps;
}

/*
 * Stop with what the sanitizers report as a crash.
 */
static void
check(bool condition)
{
	if (!condition)
		abort();
}

/*
 * A row for COPY is one line, has a value for each column, and is UTF-8.
 */
static void
check_row(const Buffer *out)
{
	int			tabs = 0;

	for (size_t i = 0; i < out->length; i++)
	{
		tabs += out->data[i] == '\t';
		check(out->data[i] != '\n' || i == out->length - 1);
	}
	check(tabs == NCOLUMNS - 1);
	check(out->length > 0 && out->data[out->length - 1] == '\n');
	check(is_utf8(out->data, out->length));
}

/*
 * Turn a record into a row.
 */
static bool
take(Sink *sink, const Record *record)
{
	FuzzSink   *fuzz = (FuzzSink *) sink;
	const LogTable *table;
	size_t		place;
	Route		route;

	note_dates(&fuzz->builder.converter.dates, record);
	record = portal_record(&fuzz->portal, unwrap_record(&fuzz->unwrapper, record));
	route_record(record, "x/blobServices/y.json", fuzz->option, &route);
	check((route.kind == ROUTE_LOG_TABLE) == (route.table != NULL));
	check(route.kind == ROUTE_LOG_TABLE || route.kind == ROUTE_OTHER_TABLE || strlen(route.error) > 0);
	table = route.table != NULL ? route.table : &log_tables[0];
	route_free(&route);
	if (route.kind == ROUTE_NOWHERE || route.kind == ROUTE_NO_TABLE)
		return true;
	check(record->position.line >= 1 && record->position.column >= 1);
	if (!row_builder_fill(&fuzz->builder, &fuzz->maps[table - log_tables], record))
	{
		check(fuzz->builder.converter.error != NULL);
		place = locate_field(record, &fuzz->builder.error_path);
		check(place < record->length);
		check(!record_is_object(record) || record->header != NULL || strchr("\"{[-0123456789tfn", record->text[place]) != NULL);
		return true;
	}
	fuzz->out.length = 0;
	row_builder_append_copy(&fuzz->builder, &fuzz->out);
	check_row(&fuzz->out);
	return true;
}

/*
 * A bad record has a reason and a place.
 */
static bool
refuse(Sink *sink, const char *text, size_t length, Position position, const char *reason)
{
	volatile char last = length > 0 ? text[length - 1] : '\0';

	(void) sink;
	(void) last;
	check(reason != NULL && position.line >= 1 && position.column >= 1);
	return true;
}

/*
 * A warning is a text.
 */
static void
warn(Sink *sink, const char *message)
{
	(void) sink;
	check(strlen(message) > 0);
}

/*
 * Times that are parsed come back the same from what is written of them.
 */
static void
fuzz_time(const char *text, size_t length)
{
	TimeReadings time;
	TimeReadings again;
	char		written[TIME_TEXT_LENGTH];

	if (!parse_time(text, length, &time) || !time.has_month_first)
		return;
	format_time(time.month_first, written);
	check(parse_time(written, strlen(written), &again) && again.has_month_first &&
		  again.month_first == time.month_first && again.day_first == time.month_first);
}

/*
 * Texts match eight bytes at a time as they do byte by byte: the two halves of the
 * input, and one of them beside itself with one bit of each byte changed.
 */
static void
fuzz_match(const char *text, size_t length)
{
	char		changed[64];
	size_t		half = length / 2 < sizeof(changed) ? length / 2 : sizeof(changed);

	for (size_t i = 0; i < half; i++)
		changed[i] = (char) (text[i] ^ (text[half + i] & 0x20));
	if (memchr(text, '\0', half) != NULL)
		return;
	check(texts_match(text, text + half, half) == (ascii_strncasecmp(text, text + half, half) == 0));
	check(texts_match(text, changed, half) == (ascii_strncasecmp(text, changed, half) == 0));
}

/*
 * Read some bytes as a file.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FuzzSink	fuzz = {.sink = {take, refuse, warn},.maps = get_maps()};
	Source		source;
	Input		input;
	char	   *error = NULL;
	Position	position = {0};
	ReadResult	result;

	if (size == 0)
		return 0;
	fuzz.option = data[0] % 2 == 0 ? "own" : data[0] % 16 == 3 ? "SigninLogs" : NULL;
	fuzz_time((const char *) data + 1, size - 1);
	fuzz_match((const char *) data + 1, size - 1);
	fuzz.builder.converter.dates.option = data[0] % 4 == 1 ? DAY_FIRST : DATES_UNKNOWN;
	source_open_memory(&source, data + 1, size - 1);
	input_init(&input, &source);
	result = read_records(&input, &fuzz.sink, data[0] % 8 == 7 ? 40 : 0, &error, &position);
	check(result != READ_STOPPED);
	check(result == READ_DONE || error != NULL);
	free(error);
	input_free(&input);
	source_close(&source);
	unwrapper_free(&fuzz.unwrapper);
	portal_free(&fuzz.portal);
	row_builder_free(&fuzz.builder);
	buffer_free(&fuzz.out);
	return 0;
}
