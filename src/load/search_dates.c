/*-------------------------------------------------------------------------
 *
 * search_dates.c
 *	  Looking through a file for a date that tells where months are.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "search_dates.h"

#include <stdlib.h>

#include "map/portal.h"
#include "map/unwrap.h"
#include "read/records.h"

typedef struct DateSink
{
	Sink		sink;			/* must be first */
	DateOrders *orders;
	Unwrapper	unwrapper;
	Portal		portal;
} DateSink;

/*
 * Note the dates of a record.
 */
static bool
take_dates(Sink *sink, const Record *record)
{
	DateSink   *dates = (DateSink *) sink;

	note_dates(dates->orders, portal_record(&dates->portal, unwrap_record(&dates->unwrapper, record)));
	return true;
}

/*
 * A bad record is no matter here.
 */
static bool
pass_over(Sink *sink, const char *text, size_t length, Position position, const char *reason)
{
	(void) sink;
	(void) text;
	(void) length;
	(void) position;
	(void) reason;
	return true;
}

/*
 * Nor is a warning, which comes again.
 */
static void
keep_quiet(Sink *sink, const char *message)
{
	(void) sink;
	(void) message;
}

/*
 * Look through all of a file, once; false if that has been done, or if it can be
 * read only once.
 */
static bool
search_dates(DateOrders *orders, const char *path)
{
	DateSink	sink = {.sink = {take_dates, pass_over, keep_quiet},.orders = orders};
	Source		source;
	Input		input;
	char	   *error = NULL;
	Position	position;

	if (orders->searched || !path_is_of_file(path) || !source_open(&source, path))
		return false;
	orders->searched = true;
	input_init(&input, &source);
	(void) read_records(&input, &sink.sink, 0, &error, &position);
	input_free(&input);
	source_close(&source);
	unwrapper_free(&sink.unwrapper);
	portal_free(&sink.portal);
	free(error);
	return true;
}

/*
 * Turn a record of a file into a row, as row_builder_fill() does.  Where a date may be of
 * two months, others of the file may tell.
 */
bool
fill_dated_row(RowBuilder *builder, const ColumnMap *map, const Record *record, const char *path)
{
	ValueConverter *converter = &builder->converter;

	return row_builder_fill(builder, map, record) ||
		(converter->order_missing && search_dates(&converter->dates, path) && row_builder_fill(builder, map, record));
}
