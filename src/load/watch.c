/*-------------------------------------------------------------------------
 *
 * watch.c
 *	  Loading what arrives.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
/*
 * All directories are looked through again and again.  A file that has not changed
 * since it was tried is passed over; what was loaded before the program was started
 * is for the ledger to know.  There is a connection only while files are loaded.
 */
#include "watch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "arrivals.h"
#include "common/clock.h"
#include "common/messages.h"
#include "job.h"
#include "write/stop.h"

/* seconds after which a file that nobody has written to may be whole */
#define SETTLE_TIME		2.0

/* seconds between the first sign of something new and a look at all */
#define GATHER_TIME		0.5

/* a file that could not be loaded is tried again ever later, up to this */
#define LONGEST_DELAY	3600.0

/* A file that was there at the last look. */
typedef struct SeenFile
{
	char	   *path;
	dev_t		device;
	ino_t		inode;
	off_t		size;
	struct timespec written;
	bool		done;			/* loaded, or known */
	int			failures;
	double		retry_at;		/* by clock_seconds() */
} SeenFile;

typedef struct Watch
{
	Options    *options;
	LoadCounters *counters;
	FileList	list;			/* of the last look */
	SeenFile   *seen;			/* in order of their paths */
	size_t		nseen;
	LoadJob    *job;			/* while files are loaded */
	bool		unreachable;	/* the server, as this look has found out */
	double		wake_at;		/* when the next look is due */
} Watch;

/*
 * Compare files by their paths, for qsort() and bsearch().
 */
static int
compare_paths(const void *a, const void *b)
{
	return strcmp(((const SeenFile *) a)->path, ((const SeenFile *) b)->path);
}

/*
 * What is known of a file; if it has changed since, nothing but its place.
 */
static SeenFile
recall_file(const Watch *watch, char *path, const struct stat *status)
{
	SeenFile	file = {
		.path = path,
		.device = status->st_dev,
		.inode = status->st_ino,
		.size = status->st_size,
		.written = status->st_mtim
	};
	const SeenFile *before = watch->nseen > 0 ?
	bsearch(&file, watch->seen, watch->nseen, sizeof(SeenFile), compare_paths) : NULL;

	if (before == NULL || before->device != file.device || before->inode != file.inode || before->size != file.size ||
		before->written.tv_sec != file.written.tv_sec || before->written.tv_nsec != file.written.tv_nsec)
		return file;
	file.done = before->done;
	file.failures = before->failures;
	file.retry_at = before->retry_at;
	return file;
}

/*
 * Look again at this time at the latest.
 */
static void
wake_at(Watch *watch, double when)
{
	if (when < watch->wake_at)
		watch->wake_at = when;
}

/*
 * Is somebody still writing to a file, as far as its time tells?
 */
static bool
is_settling(const SeenFile *file)
{
	struct timespec now;
	double		age;

	clock_gettime(CLOCK_REALTIME, &now);
	age = (double) (now.tv_sec - file->written.tv_sec) + (double) (now.tv_nsec - file->written.tv_nsec) / 1e9;
	return age >= 0 && age < SETTLE_TIME;
}

/*
 * Is a file to be tried now?
 */
static bool
is_due(Watch *watch, const SeenFile *file)
{
	double		now = clock_seconds();

	if (file->done)
		return false;
	if (is_settling(file))
	{
		wake_at(watch, now + SETTLE_TIME);
		return false;
	}
	if (file->retry_at > now)
	{
		wake_at(watch, file->retry_at);
		return false;
	}
	return true;
}

/*
 * How many records are in the reject file so far?
 */
static int64_t
count_rejected(const LoadCounters *counters)
{
	int64_t		rejected = counters->rejected_elsewhere;

	for (int i = 0; i < COUNTED_TABLES; i++)
		rejected += counters->rejected[i];
	return rejected;
}

/*
 * Say how many rows a file has brought, and how many of its records were rejected, as
 * the summary may be months away.
 */
static void
tell_rows(const char *path, const LoadCounters *counters, const int64_t *before, int64_t rejected)
{
	Buffer		line = {0};
	int64_t		sum = 0;

	for (int i = 0; i < COUNTED_TABLES; i++)
	{
		int64_t		rows = counters->rows[i] - before[i];

		if (rows == 0)
			continue;
		buffer_printf(&line, "%s%s %lld", sum > 0 ? ", " : ": ", i < LOG_TABLES ? log_tables[i].name : "--table", (long long) rows);
		sum += rows;
	}
	if (rejected > 0)
		buffer_printf(&line, "; %lld %s rejected", (long long) rejected, counted(rejected, "record", "records"));
	buffer_append_byte(&line, '\0');
	message("%s: %lld %s loaded%s", path, (long long) sum, counted(sum, "row", "rows"), line.data);
	buffer_free(&line);
}

/*
 * See to it that there is a connection.  Where there is none for one file, there is none
 * for the others of a look, which may be thousands.
 */
static bool
provide_job(Watch *watch)
{
	PGconn	   *connection;

	if (watch->job != NULL || watch->unreachable)
		return watch->job != NULL;
	connection = connect_to_server(&watch->options->connection);
	watch->unreachable = connection == NULL;
	if (watch->unreachable)
		return false;
	stop_cancels(connection);
	watch->job = start_job(connection, watch->options, watch->counters, 0, NULL);
	return true;
}

/*
 * Let the connection go.
 */
static void
leave_job(Watch *watch)
{
	stop_cancels(NULL);
	if (watch->job != NULL)
		end_job(watch->job);
	watch->job = NULL;
}

/*
 * A file could not be loaded: try it later, on a new connection, which knows the
 * tables as they are then.
 */
static void
put_off(Watch *watch, SeenFile *file)
{
	double		delay = watch->options->interval;

	for (int i = 0; i < file->failures && delay < LONGEST_DELAY; i++)
		delay *= 2;
	file->failures++;
	file->retry_at = clock_seconds() + (delay < LONGEST_DELAY ? delay : LONGEST_DELAY);
	wake_at(watch, file->retry_at);
	leave_job(watch);
}

/*
 * Load a file, and say what became of it.
 */
static void
try_arrival(Watch *watch, SeenFile *file)
{
	InputFile	input = {file->path, file->size};
	int64_t		before[COUNTED_TABLES];
	int64_t		rejected = count_rejected(watch->counters);
	FileOutcome outcome;

	if (!provide_job(watch))
	{
		put_off(watch, file);
		return;
	}
	for (int i = 0; i < COUNTED_TABLES; i++)
		before[i] = watch->counters->rows[i];
	outcome = load_file(watch->job, &input);
	file->done = outcome != FILE_FAILED;
	if (outcome == FILE_FAILED && !stop_requested())
		put_off(watch, file);
	else if ((outcome == FILE_LOADED || outcome == FILE_UNFINISHED) && !watch->options->quiet)
		tell_rows(file->path, watch->counters, before, count_rejected(watch->counters) - rejected);
}

/*
 * Take the files of a look for those that are known.
 */
static void
remember_files(Watch *watch, SeenFile *files, size_t nfiles)
{
	for (size_t i = 0; i < watch->nseen; i++)
		free(watch->seen[i].path);
	free(watch->seen);
	if (nfiles > 0)
		qsort(files, nfiles, sizeof(SeenFile), compare_paths);
	watch->seen = files;
	watch->nseen = nfiles;
}

/*
 * Count the files that are not loaded, however often they were tried.
 */
static void
count_failed(Watch *watch)
{
	int64_t		failed = 0;

	for (size_t i = 0; i < watch->nseen; i++)
		failed += !watch->seen[i].done && watch->seen[i].failures > 0;
	watch->counters->files_failed = failed;
}

/*
 * Look through all directories, and load what has arrived.
 */
static void
look_around(Watch *watch, int notifier)
{
	FileList	list;
	SeenFile   *files;
	size_t		nfiles = 0;

	arrivals_forget(notifier);
	find_files(&list, watch->options->paths, watch->options->npaths, true);
	tell_problems(&list, &watch->list);
	arrivals_watch(notifier, &list);
	files = load_calloc(list.nfiles + 1, sizeof(SeenFile));
	watch->wake_at = clock_seconds() + watch->options->interval;
	watch->unreachable = false;
	for (size_t i = 0; i < list.nfiles; i++)
	{
		struct stat status;
		SeenFile   *file = &files[nfiles];

		/* it may be gone again */
		if (stat(list.files[i].path, &status) != 0 || !S_ISREG(status.st_mode))
			continue;
		nfiles++;
		*file = recall_file(watch, load_strdup(list.files[i].path), &status);
		if (!stop_requested() && is_due(watch, file))
			try_arrival(watch, file);
	}
	leave_job(watch);
	remember_files(watch, files, nfiles);
	count_failed(watch);
	free_files(&watch->list);
	watch->list = list;
}

/*
 * Load what is there and what arrives, until we are asked to stop; the exit status.
 */
int
watch_files(Options *options, LoadCounters *counters)
{
	Watch		watch = {.options = options,.counters = counters};
	int			notifier = arrivals_start();
	int64_t		loaded;

	stop_by_signals();
	look_around(&watch, notifier);
	loaded = counters->files_loaded + counters->files_unfinished;
	message("%lld %s loaded, %lld loaded before, %lld not loaded; waiting for more",
			(long long) loaded, counted(loaded, "file", "files"), (long long) counters->files_known,
			(long long) counters->files_failed);
	while (!stop_requested())
	{
		double		seconds = watch.wake_at - clock_seconds();

		wait_for_input(notifier, seconds > 0 ? seconds : 0);
		/* what comes first is seldom alone */
		wait_for_input(-1, GATHER_TIME);
		if (!stop_requested())
			look_around(&watch, notifier);
	}
	remember_files(&watch, NULL, 0);
	free_files(&watch.list);
	return EXIT_ALL_LOADED;
}
