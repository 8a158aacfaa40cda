/*-------------------------------------------------------------------------
 *
 * send.c
 *	  Rows on their way to the server.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
/*
 * A connection has one COPY at a time, but a file may have rows for several
 * tables.  The rows of the table whose COPY is in progress are sent at once;
 * those of another table wait in memory until they are worth a COPY.
 *
 * Without --reject-file, rows need not be kept once they are sent: an error
 * stops the file.  With it, a COPY is small and has a savepoint, so that its
 * good rows can be sent again without the bad one.
 */
#include "write/send.h"

#include <string.h>

#include "write/batch.h"
#include "write/copy.h"

#define SWITCH_SIZE	(1024 * 1024)
#define MAX_ROWS	20000
#define MAX_KEPT_ROWS	2000

/*
 * Remember where a row is from.
 */
static void
add_origin(TargetTable *target, Position position)
{
	RowOrigin  *origin;

	if (target->norigins == target->origins_size)
	{
		target->origins_size = target->origins_size > 0 ? target->origins_size * 2 : 256;
		target->origins = load_realloc(target->origins,
									   (size_t) target->origins_size * sizeof(RowOrigin));
	}
	origin = &target->origins[target->norigins++];
	origin->position = position;
	origin->row_end = target->rows.length;
	origin->record_end = target->records.length;
}

/*
 * Send rows where it is time to.
 */
static bool
send_if_due(Writer *writer, TargetTable *target)
{
	if (writer->options->reject_file != NULL)
	{
		if (target->norigins >= MAX_KEPT_ROWS ||
			target->rows.length + target->records.length >= 2 * SWITCH_SIZE)
			return send_batch(writer, target);
		return true;
	}
	if (writer->copying != target)
	{
		if (writer->copying != NULL && target->rows.length < SWITCH_SIZE)
			return true;
		if (!end_copy(writer) || !start_copy(writer, target))
			return false;
	}
	if (target->rows.length >= SEND_SIZE)
	{
		if (!send_rows(writer, target->rows.data, target->rows.length))
			return false;
		target->rows.length = 0;
	}
	if (target->norigins >= MAX_ROWS)
		return end_copy(writer);
	return true;
}

/*
 * Does our own transaction keep others from locking some default partition?
 */
static bool
uses_default_partition(const Writer *writer)
{
	for (int i = 0; i < COUNTED_TABLES; i++)
	{
		const TargetTable *target = writer->targets[i];

		if (target != NULL && target->row_count > 0 && (target->partitions.to_default || !target->partitions.by_day))
			return true;
	}
	return false;
}

/*
 * See to it that the rows of a day find a partition.
 */
static bool
provide_partition(Writer *writer, TargetTable *target, int64_t day)
{
	if (!lacks_partition(&target->partitions, day))
		return true;
	/* a COPY in progress does not know partitions that come later */
	if (!end_copy(writer))
		return false;
	add_partition(writer, &target->partitions, day, !uses_default_partition(writer));
	return true;
}

/*
 * Send the row of a record to a table, now or later.
 */
bool
send_row(Writer *writer, TargetTable *target, const RowBuilder *row, const Record *record)
{
	if (!provide_partition(writer, target, row->day))
		return false;
	row_builder_append_copy(row, &target->rows);
	if (writer->options->reject_file != NULL)
		buffer_append(&target->records, record->text, record->length);
	add_origin(target, record->position);
	count_values(target, row);
	return send_if_due(writer, target);
}

/*
 * Send all rows that wait, and fill views from what was staged for them.
 */
bool
send_all_rows(Writer *writer)
{
	if (!end_copy(writer))
		return false;
	for (int i = 0; i < COUNTED_TABLES; i++)
	{
		TargetTable *target = writer->targets[i];

		if (target == NULL)
			continue;
		if (target->norigins > 0 && writer->options->reject_file != NULL && !send_batch(writer, target))
			return false;
		if (target->norigins > 0 && (!start_copy(writer, target) || !end_copy(writer)))
			return false;
		if (target->staged && !fill_view(writer, target))
			return false;
	}
	return true;
}

/*
 * Discard all rows, as the file is not loaded; or is, and the next one starts.
 */
void
discard_all_rows(Writer *writer)
{
	if (writer->copying != NULL)
	{
		(void) PQputCopyEnd(writer->connection, "file is not loaded");
		PQclear(finish_copy(writer));
	}
	for (int i = 0; i < COUNTED_TABLES; i++)
	{
		TargetTable *target = writer->targets[i];

		if (target == NULL)
			continue;
		discard_rows(target);
		target->row_count = 0;
		target->sent_count = 0;
		target->rejected_count = 0;
		target->misfit_count = 0;
		memset(target->missing_count, 0, sizeof(target->missing_count));
		target->staged = false;
		target->partitions.new_days = 0;
		target->partitions.to_default = false;
	}
}
