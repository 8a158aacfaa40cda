/*-------------------------------------------------------------------------
 *
 * main.c
 *	  azhunt-load: the program.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "common/messages.h"
#include "explain.h"
#include "job.h"
#include "options.h"
#include "progress.h"
#include "watch.h"
#include "write/database.h"

/*
 * Counters that jobs, which are processes, can share.
 */
static LoadCounters *
create_counters(void)
{
	LoadCounters *counters = mmap(NULL, sizeof(LoadCounters), PROT_READ | PROT_WRITE,
								  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (counters == MAP_FAILED)
	{
		report_error("could not create shared memory: %s", strerror(errno));
		exit(EXIT_TROUBLE);
	}
	return counters;
}

/*
 * Start a job as a process of its own, which goes down with this one.
 */
static pid_t
fork_job(Options *options, const FileList *list, LoadCounters *counters, int job)
{
	pid_t		parent = getpid();
	pid_t		child = fork();
	PGconn	   *connection;

	if (child != 0)
		return child;
#ifdef __linux__
	prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
	if (getppid() != parent)
		_exit(EXIT_TROUBLE);
	connection = connect_to_server(&options->connection);
	if (connection == NULL)
		_exit(EXIT_TROUBLE);
	_exit(run_job(connection, options, list, counters, job, NULL) ? EXIT_ALL_LOADED : EXIT_TROUBLE);
}

/*
 * Run several jobs, and show their progress.
 */
static bool
run_jobs(Options *options, const FileList *list, LoadCounters *counters)
{
	int			running = 0;
	bool		ok;

	while (running < options->jobs && (size_t) running < list->nfiles)
	{
		if (fork_job(options, list, counters, running) < 0)
		{
			report_warning("could not start job %d: %s", running + 1, strerror(errno));
			break;
		}
		running++;
	}
	/* one is enough for all files */
	ok = running > 0;
	while (running > 0)
	{
		int			status;
		pid_t		child = waitpid(-1, &status, WNOHANG);

		if (child > 0)
		{
			ok = ok && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_ALL_LOADED;
			running--;
			continue;
		}
		(void) poll(NULL, 0, 50);
		show_progress();
	}
	return ok;
}

/*
 * Count the files that no job has tried, as connections were lost, with those that
 * are not loaded.
 */
static void
count_untried(const FileList *list, LoadCounters *counters)
{
	counters->files_failed = (int64_t) list->nfiles - counters->files_loaded - counters->files_known -
		counters->files_unfinished;
}

/*
 * The exit status that the counters call for.
 */
static int
exit_status(const FileList *list, const LoadCounters *counters, bool ok)
{
	if (!ok)
		return EXIT_TROUBLE;
	if (list->failed || counters->files_failed > 0 || counters->files_unfinished > 0)
		return EXIT_NOT_LOADED;
	return EXIT_ALL_LOADED;
}

/*
 * Has all output been written?  Says why if not.
 */
static bool
end_output(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	report_error("could not write to standard output: %s", strerror(errno));
	return false;
}

/*
 * Say what would be loaded; the exit status.
 */
static int
explain(const Options *options)
{
	FileList	list;
	bool		ok;

	find_files(&list, options->paths, options->npaths, false);
	ok = explain_files(options, &list);
	free_files(&list);
	if (!end_output())
		return EXIT_TROUBLE;
	return ok ? EXIT_ALL_LOADED : EXIT_NOT_LOADED;
}

/*
 * Read the command line, connect, load, and sum up.
 */
int
main(int argc, char **argv)
{
	Options		options;
	FileList	list;
	LoadCounters *counters;
	PGconn	   *connection;
	bool		ok;
	int			status;

	/* libpq's messages; numbers are read and written with a point everywhere */
	setlocale(LC_CTYPE, "");
	setlocale(LC_MESSAGES, "");
	/* a file that must not grow is an error like a full disk */
	signal(SIGXFSZ, SIG_IGN);
	/* who ignores it, as a parent may have us do, is not told how jobs end */
	signal(SIGCHLD, SIG_DFL);
	parse_options(&options, argc, argv);
	if (options.explain)
		return explain(&options);
	connection = connect_to_server(&options.connection);
	if (connection == NULL)
		return EXIT_TROUBLE;
	if (!check_database(connection, &options.connection, options.create))
	{
		status = PQstatus(connection) == CONNECTION_BAD ? EXIT_TROUBLE : EXIT_NOT_LOADED;
		PQfinish(connection);
		return status;
	}
	counters = create_counters();
	if (options.watch)
	{
		PQfinish(connection);
		memset(&list, 0, sizeof(list));
		start_progress(counters, &list, &options);
		status = watch_files(&options, counters);
		show_summary(counters, &options);
		(void) end_output();
		return status;
	}
	find_files(&list, options.paths, options.npaths, false);
	start_progress(counters, &list, &options);
	if (options.jobs == 1 || list.nfiles <= 1)
		ok = run_job(connection, &options, &list, counters, 0, show_progress);
	else
	{
		PQfinish(connection);
		ok = run_jobs(&options, &list, counters);
	}
	end_progress();
	count_untried(&list, counters);
	show_summary(counters, &options);
	/* what is loaded is loaded, whether or not that can be said */
	(void) end_output();
	status = exit_status(&list, counters, ok);
	free_files(&list);
	return status;
}
