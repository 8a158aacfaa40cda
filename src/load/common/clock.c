/*-------------------------------------------------------------------------
 *
 * clock.c
 *	  A clock that nobody sets.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "common/clock.h"

#include <time.h>

/*
 * Seconds since some time in the past.
 */
double
clock_seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}
