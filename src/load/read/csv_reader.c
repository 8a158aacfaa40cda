/*-------------------------------------------------------------------------
 *
 * csv_reader.c
 *	  Records out of CSV, as the portals and spreadsheets write it.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "read/csv_reader.h"

#include "common/utf8.h"
#include "read/csv_header.h"
#include "read/json_tree.h"

/*
 * Read one record.
 */
static bool
read_row(Reader *reader, Cells *cells, const Header *header, RecordShape shape)
{
	Input	   *input = reader->input;
	Record		record;
	size_t		length;
	bool		quoted;
	bool		ended = scan_csv_record(input, cells->separator, 0, &length, &quoted);

	if (input->failed)
		return false;
	if (!ended)
		return reader_leave(reader, quoted ? "the record that starts here ends within a value in quotes" :
							"the last line has no end yet, which is a newline");
	if (!is_utf8(input_text(input), length))
		return reader_refuse(reader, length, 0, load_strdup("invalid UTF-8, or a zero byte, which PostgreSQL cannot store"));
	if (!split_csv_record(cells, input_text(input), length))
		return reader_refuse(reader, length, cells->problem_at, load_strdup(cells->problem));
	if (cells->count != header->nnames)
		return reader_refuse(reader, length, 0,
							 load_printf("record has %zu values, but there are %zu columns",
										 cells->count, header->nnames));
	record = record_of_values(shape, header, cells->values);
	trim_json_trees();
	return reader_take(reader, &record, length);
}

/*
 * Read a file of CSV.
 */
bool
read_csv(Reader *reader)
{
	Input	   *input = reader->input;
	Cells		cells = {0};
	Header		header = {0};
	RecordShape shape;
	bool		done = read_csv_header(reader, &cells, &header) &&
	input_skip_to(input, reader->resume_at);
	int			c;

	shape = header_is_of_portal(&header) ? RECORD_PORTAL : RECORD_CSV;
	while (done && (c = input_peek(input, 0)) != -1)
	{
		if (c == '\n' || (c == '\r' && input_peek(input, 1) == '\n'))
			input_consume(input, 1);
		else
			done = read_row(reader, &cells, &header, shape);
	}
	cells_free(&cells);
	header_free(&header);
	return done && !input->failed;
}
