/*-------------------------------------------------------------------------
 *
 * main.c
 *	  azhunt-load: the program.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "load.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

/*
 * Counters that jobs, which are processes, can share.
 */
static Shared *
create_shared(void)
{
	Shared	   *shared = mmap(NULL, sizeof(Shared), PROT_READ | PROT_WRITE,
							  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
	{
		report_error("could not create shared memory: %s", strerror(errno));
		exit(EXIT_TROUBLE);
	}
	return shared;
}

/*
 * Do the work of one job on a connection; false if the connection was lost.
 */
static bool
run_job(PGconn *connection, Options *options, const FileList *list, Shared *shared,
		int job, void (*tick) (void))
{
	Loader		loader = {
		.options = options,
		.shared = shared,
		.job = job,
		.tick = tick,
		.connection = connection
	};

	load_files(&loader, list);
	return !loader.lost;
}

/*
 * Start a job as a process of its own, which goes down with this one.
 */
static pid_t
start_job(Options *options, const FileList *list, Shared *shared, int job)
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
	connection = connect_to_server(options);
	if (connection == NULL)
		_exit(EXIT_TROUBLE);
	_exit(run_job(connection, options, list, shared, job, NULL) ? EXIT_ALL_LOADED : EXIT_TROUBLE);
}

/*
 * Run several jobs, and show their progress.
 */
static bool
run_jobs(Options *options, const FileList *list, Shared *shared)
{
	int			running = 0;
	bool		ok = true;

	for (int job = 0; job < options->jobs && (size_t) job < list->nfiles; job++)
	{
		if (start_job(options, list, shared, job) > 0)
			running++;
		else
			ok = false;
	}
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
 * The exit status that the counters call for.
 */
static int
exit_status(const FileList *list, const Shared *shared, bool ok)
{
	int64_t		done = shared->files_loaded + shared->files_known;

	if (!ok)
		return EXIT_TROUBLE;
	if (list->failed || done < (int64_t) list->nfiles)
		return EXIT_NOT_LOADED;
	return EXIT_ALL_LOADED;
}

/*
 * Read the command line, connect, load, and sum up.
 */
int
main(int argc, char **argv)
{
	Options		options;
	FileList	list;
	Shared	   *shared;
	PGconn	   *connection;
	bool		ok;
	int			status;

	/* libpq's messages; numbers are read and written with a point everywhere */
	setlocale(LC_CTYPE, "");
	setlocale(LC_MESSAGES, "");
	/* a file that must not grow is an error like a full disk */
	signal(SIGXFSZ, SIG_IGN);
	parse_options(&options, argc, argv);
	connection = connect_to_server(&options);
	if (connection == NULL)
		return EXIT_TROUBLE;
	find_files(&list, options.paths, options.npaths);
	shared = create_shared();
	start_progress(shared, &list, &options);
	if (options.jobs == 1 || list.nfiles <= 1)
		ok = run_job(connection, &options, &list, shared, 0, show_progress);
	else
	{
		PQfinish(connection);
		ok = run_jobs(&options, &list, shared);
	}
	end_progress();
	show_summary(shared, &options);
	status = exit_status(&list, shared, ok);
	free_files(&list);
	return status;
}
