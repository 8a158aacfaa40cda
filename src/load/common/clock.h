/*-------------------------------------------------------------------------
 *
 * clock.h
 *	  A clock that nobody sets.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_CLOCK_H
#define LOAD_CLOCK_H

extern double clock_seconds(void);

#endif							/* LOAD_CLOCK_H */
