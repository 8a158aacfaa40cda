/*-------------------------------------------------------------------------
 *
 * unknown_logs.c
 *	  Logs that azhunt has no table for, and how many records of each there
 *	  were.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "unknown_logs.h"

#include <stdbool.h>
#include <string.h>

/*
 * The place of a log, which is new if it is not there yet.
 */
static UnknownLog *
find_log(UnknownLogs *unknown, const char *name)
{
	bool		full = unknown->nlogs == MAX_UNKNOWN_LOGS - 1;
	UnknownLog *log;

	for (int i = 0; i < unknown->nlogs; i++)
	{
		if (strcmp(unknown->logs[i].name, name) == 0)
			return &unknown->logs[i];
	}
	log = &unknown->logs[unknown->nlogs];
	strcpy(log->name, full ? "other logs" : name);
	if (!full)
		unknown->nlogs++;
	return log;
}

/*
 * Count records of a log.  What is shown of its name is short and printable.
 */
void
count_unknown(UnknownLogs *unknown, const char *name, int64_t records)
{
	char		shown[UNKNOWN_LOG_SIZE];
	size_t		length = 0;

	for (; *name != '\0' && length < sizeof(shown) - 1; name++)
		shown[length++] = (char) (*name > ' ' && *name <= '~' ? *name : '?');
	shown[length] = '\0';
	find_log(unknown, shown)->records += records;
}

/*
 * Add what one has counted to what all have.
 */
void
add_unknown(UnknownLogs *sum, const UnknownLogs *unknown)
{
	for (int i = 0; i < MAX_UNKNOWN_LOGS; i++)
	{
		if (unknown->logs[i].records > 0)
			find_log(sum, unknown->logs[i].name)->records += unknown->logs[i].records;
	}
}
