/*-------------------------------------------------------------------------
 *
 * stop.h
 *	  Being asked to stop, by a signal.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_STOP_H
#define LOAD_STOP_H

#include <stdbool.h>

#include <libpq-fe.h>

extern void stop_by_signals(void);
extern void stop_cancels(PGconn *connection);
extern void stop_ends_program(bool ends);
extern bool stop_requested(void);
extern void wait_for_input(int fd, double seconds);

#endif							/* LOAD_STOP_H */
