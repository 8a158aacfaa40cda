/*-------------------------------------------------------------------------
 *
 * unknown_logs.h
 *	  Logs that azhunt has no table for, and how many records of each there
 *	  were.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_UNKNOWN_LOGS_H
#define LOAD_UNKNOWN_LOGS_H

#include <stdint.h>

/* so many are counted by their names, and what is left together */
#define MAX_UNKNOWN_LOGS	32
#define UNKNOWN_LOG_SIZE	64

typedef struct UnknownLog
{
	char		name[UNKNOWN_LOG_SIZE];
	int64_t		records;
} UnknownLog;

typedef struct UnknownLogs
{
	UnknownLog	logs[MAX_UNKNOWN_LOGS];
	int			nlogs;
} UnknownLogs;

extern void count_unknown(UnknownLogs *unknown, const char *name, int64_t records);
extern void add_unknown(UnknownLogs *sum, const UnknownLogs *unknown);

#endif							/* LOAD_UNKNOWN_LOGS_H */
