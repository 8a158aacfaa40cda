/*-------------------------------------------------------------------------
 *
 * stop.c
 *	  Being asked to stop, by a signal.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "write/stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t requested = 0;

/* whether to end the program rather than to remember that */
static volatile sig_atomic_t ends_program = 0;

/* how to end what a server does for us, or NULL */
static PGcancel * volatile running = NULL;

/*
 * Remember that we were asked, and do not wait for the server, which may wait for
 * others as long as they like.
 */
static void
request_stop(int signal_number)
{
	char		error[256];
	PGcancel   *cancel = running;
	int			saved_errno = errno;

	(void) signal_number;
	if (ends_program)
		_exit(EXIT_SUCCESS);
	requested = 1;
	/* which libpq allows here */
	if (cancel != NULL)
		(void) PQcancel(cancel, error, sizeof(error));
	errno = saved_errno;
}

/*
 * From now on, end what the server does on a connection when we are asked to stop; on
 * none if that is NULL.
 */
void
stop_cancels(PGconn *connection)
{
	PGcancel   *before = running;

	running = NULL;
	PQfreeCancel(before);
	if (connection != NULL)
		running = PQgetCancel(connection);
}

/*
 * From now on, being asked to stop ends the program at once, or does so no more.
 */
void
stop_ends_program(bool ends)
{
	ends_program = ends;
	if (ends && requested)
		_exit(EXIT_SUCCESS);
}

/*
 * From now on, SIGTERM and SIGINT ask to stop; a second one ends the program at
 * once.
 */
void
stop_by_signals(void)
{
	struct sigaction action = {.sa_handler = request_stop,.sa_flags = SA_RESTART | (int) SA_RESETHAND};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

/*
 * Have we been asked to stop?
 */
bool
stop_requested(void)
{
	return requested != 0;
}

/*
 * Wait until there is something to read, for so many seconds at most, or until we
 * are asked to stop.  A descriptor below zero is none.
 */
void
wait_for_input(int fd, double seconds)
{
	struct pollfd input = {.fd = fd,.events = POLLIN};
	struct timespec timeout = {(time_t) seconds, (long) ((seconds - (double) (time_t) seconds) * 1e9)};
	sigset_t	signals;
	sigset_t	before;

	/* a signal between the question and the wait must not be missed */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, &before);
	if (!requested)
		(void) ppoll(&input, 1, &timeout, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
}
