/*-------------------------------------------------------------------------
 *
 * arrivals.c
 *	  Directories in which files arrive.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
/*
 * Linux tells when something changes in a directory, so that it can be looked at
 * again at once.  It does not where another machine makes the change, as in a
 * container that is mounted; so nobody relies on it.
 */
#include "arrivals.h"

#include <unistd.h>

#ifdef __linux__
#include <sys/inotify.h>
#endif

/*
 * A descriptor that can be read when something has arrived; -1 if the system has
 * none.
 */
int
arrivals_start(void)
{
#ifdef __linux__
	return inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
#else
	return -1;
#endif
}

/*
 * Watch the directories of a list; those that are watched already stay so.
 */
void
arrivals_watch(int notifier, const FileList *list)
{
#ifdef __linux__
	for (size_t i = 0; notifier >= 0 && i < list->ndirectories; i++)
		(void) inotify_add_watch(notifier, list->directories[i],
								 IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR);
#else
	(void) notifier;
	(void) list;
#endif
}

/*
 * Forget what has arrived so far, which is looked at next.
 */
void
arrivals_forget(int notifier)
{
	char		events[4096];

	while (notifier >= 0 && read(notifier, events, sizeof(events)) > 0)
		;
}
