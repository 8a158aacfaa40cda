/*-------------------------------------------------------------------------
 *
 * progress.c
 *	  What a person sees while files are loaded, and at the end.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "progress.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/messages.h"

#define INTERVAL	0.5			/* seconds between two progress lines */
#define FIRST_AFTER	0.05		/* seconds until the first */

static struct
{
	LoadCounters *counters;
	int64_t		bytes;			/* of all files, 0 if that is not known */
	bool		shown;			/* is there a terminal to show it on? */
	double		started;
	double		last;
}			progress;

/*
 * Start the clock.
 */
void
start_progress(LoadCounters *counters, const FileList *list, const Options *options)
{
	progress.counters = counters;
	progress.bytes = list->bytes;
	progress.shown = !options->quiet && isatty(STDERR_FILENO);
	progress.started = clock_seconds();
	progress.last = progress.started + FIRST_AFTER - INTERVAL;
	share_progress_width(&counters->progress_width);
}

/*
 * Write a number of bytes as a person reads it.
 */
static void
append_bytes(Buffer *line, double bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	size_t		unit = 0;

	while (bytes >= 9999.5 && unit + 1 < sizeof(units) / sizeof(units[0]))
	{
		bytes /= 1024;
		unit++;
	}
	buffer_printf(line, "%.0f %s", bytes, units[unit]);
}

/*
 * Write a time as hours, minutes and seconds.
 */
static void
append_duration(Buffer *line, double seconds)
{
	long		whole = (long) (seconds + 0.5);

	buffer_printf(line, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
}

/*
 * The progress line.
 */
static void
append_progress(Buffer *line, double elapsed)
{
	double		bytes = 0;
	double		rows = (double) progress.counters->rows_read;

	for (int i = 0; i < MAX_JOBS; i++)
		bytes += (double) progress.counters->bytes_of_job[i];
	append_bytes(line, bytes);
	if (progress.bytes > 0)
	{
		buffer_append_string(line, " of ");
		append_bytes(line, (double) progress.bytes);
		buffer_printf(line, " (%.0f%%)", bytes >= (double) progress.bytes ? 100.0 : 100 * bytes / (double) progress.bytes);
	}
	buffer_printf(line, ", %.0f rows, ", rows);
	append_bytes(line, bytes / elapsed);
	buffer_printf(line, "/s, %.0f rows/s, ", rows / elapsed);
	append_duration(line, elapsed);
	if (progress.bytes > 0 && bytes > 0 && bytes < (double) progress.bytes)
	{
		buffer_append_string(line, ", ");
		append_duration(line, elapsed * ((double) progress.bytes - bytes) / bytes);
		buffer_append_string(line, " left");
	}
}

/*
 * Show the progress line, if it is time to.
 */
void
show_progress(void)
{
	Buffer		line = {0};
	struct winsize window;
	double		time;

	if (!progress.shown)
		return;
	time = clock_seconds();
	if (time - progress.last < INTERVAL)
		return;
	progress.last = time;
	append_progress(&line, time - progress.started);
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 &&
		line.length >= window.ws_col)
		line.length = window.ws_col - 1;
	buffer_append_byte(&line, '\0');
	set_progress_line(line.data);
	buffer_free(&line);
}

/*
 * Leave the terminal to what comes next.
 */
void
end_progress(void)
{
	if (progress.shown)
		clear_progress_line();
}

/*
 * One line of the summary.
 */
static void
show_table(const char *name, int64_t rows, const int64_t *rejected, const int64_t *dropped)
{
	printf("%-32s %12lld", name, (long long) rows);
	if (rejected != NULL)
		printf(" %12lld", (long long) *rejected);
	if (dropped != NULL)
		printf(" %12lld", (long long) *dropped);
	putchar('\n');
}

/*
 * What a table is called in the summary.
 */
static const char *
counted_name(int number, const Options *options)
{
	return number < LOG_TABLES ? log_tables[number].name : options->write.table;
}

/*
 * The lines of the tables.  Rows that were dropped have a column only if there
 * are any.
 */
static void
show_tables(const LoadCounters *counters, const Options *options)
{
	bool		with_rejected = options->write.reject_file != NULL;
	bool		with_dropped = false;
	int64_t		elsewhere = counters->rejected_elsewhere;

	for (int i = 0; i < COUNTED_TABLES; i++)
		with_dropped = with_dropped || counters->dropped[i] > 0;
	printf("%-32s %12s", "table", "rows");
	if (with_rejected)
		printf(" %12s", "rejected");
	if (with_dropped)
		printf(" %12s", "dropped");
	putchar('\n');
	for (int i = 0; i < COUNTED_TABLES; i++)
	{
		int64_t		rejected = counters->rejected[i];
		int64_t		dropped = counters->dropped[i];

		if (counters->rows[i] > 0 || rejected > 0 || dropped > 0)
			show_table(counted_name(i, options), counters->rows[i],
					   with_rejected ? &rejected : NULL, with_dropped ? &dropped : NULL);
	}
	if (elsewhere > 0)
		show_table("(no table)", 0, &elsewhere, NULL);
}

/*
 * Say how many rows of a table lack what hunts need, and how many values are
 * not in their columns.
 */
static void
show_values(const LoadCounters *counters, const Options *options, int number)
{
	const LogTable *table = number < LOG_TABLES ? &log_tables[number] : NULL;
	int64_t		misfits = counters->misfits[number];
	bool		any = false;

	for (int i = 0; table != NULL && table->needed[i].what != NULL; i++)
	{
		int64_t		missing = counters->missing[number][i];

		if (missing == 0)
			continue;
		if (any)
			printf(", %lld without %s", (long long) missing, table->needed[i].what);
		else
			printf("%s: %lld %s without %s", table->name, (long long) missing,
				   counted(missing, "row", "rows"), table->needed[i].what);
		any = true;
	}
	if (any)
		putchar('\n');
	if (misfits > 0)
		printf("%s: %lld %s in additionalfields\n", counted_name(number, options), (long long) misfits,
			   counted(misfits, "value that did not fit its column is", "values that did not fit their columns are"));
}

/*
 * Say which logs have no table.
 */
static void
show_unknown(const LoadCounters *counters)
{
	UnknownLogs sum = {0};

	for (int i = 0; i < MAX_JOBS; i++)
		add_unknown(&sum, &counters->unknown[i]);
	for (int i = 0; i < MAX_UNKNOWN_LOGS; i++)
	{
		if (sum.logs[i].records > 0)
			printf("%s: %lld %s\n", sum.logs[i].name, (long long) sum.logs[i].records,
				   counted(sum.logs[i].records, "record without a table for it", "records without a table for them"));
	}
}

/*
 * Say what was loaded.
 */
void
show_summary(const LoadCounters *counters, const Options *options)
{
	if (options->quiet)
		return;
	show_tables(counters, options);
	for (int i = 0; i < COUNTED_TABLES; i++)
		show_values(counters, options, i);
	show_unknown(counters);
	printf("%lld %s loaded, %lld loaded before, %lld not loaded",
		   (long long) counters->files_loaded, counted(counters->files_loaded, "file", "files"), (long long) counters->files_known,
		   (long long) counters->files_failed);
	if (counters->files_unfinished > 0)
		printf(", %lld loaded but for an unfinished record", (long long) counters->files_unfinished);
	printf(", in %.1f seconds\n", clock_seconds() - progress.started);
}
