/*-------------------------------------------------------------------------
 *
 * turn.c
 *	  Waiting for others who load the same file.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
/*
 * Two loads of one file are told apart by the ledger's unique keys, and the
 * second one is undone.  That it need not do its work in vain, it waits for the
 * first: a loader holds an advisory lock while it loads a file.  Any role can
 * take such a lock, so one that could not write to the ledger is ignored.
 *
 * Nothing else is locked while we wait, and we don't wait for ever.
 */
#include "write/turn.h"

#include <stdlib.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "write/failure.h"
#include "write/query.h"
#include "write/stop.h"

#define POLL_INTERVAL	0.1		/* seconds */

#define LOCK_KEY \
	"pg_catalog.hashtextextended('azhunt.loaded_files '::pg_catalog.text || $1::pg_catalog.text, 0::bigint)"

static const char *const try_query =
"SELECT pg_catalog.pg_try_advisory_xact_lock(" LOCK_KEY ")";

static const char *const holder_query =
"SELECT l.pid, a.usename, a.application_name"
" FROM pg_catalog.pg_locks AS l"
" JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid"
" WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
"   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())"
"   AND ((l.classid::bigint << 32) | l.objid::bigint) = " LOCK_KEY
"   AND pg_catalog.has_table_privilege(a.usesysid, 'azhunt.loaded_files'::pg_catalog.text, 'INSERT'::pg_catalog.text)";

static const char *const writer_query =
"SELECT l.pid, a.usename, a.application_name"
" FROM pg_catalog.pg_locks AS l"
" JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid"
" WHERE l.locktype = 'relation' AND l.granted AND l.mode <> 'AccessShareLock'"
"   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())"
"   AND l.relation = pg_catalog.to_regclass('azhunt.loaded_files')::pg_catalog.oid"
"   AND l.pid <> pg_catalog.pg_backend_pid()"
" ORDER BY a.xact_start"
" LIMIT 3";

/*
 * The sessions of a result, for a message; NULL if there are none.
 */
static char *
list_sessions(const PGresult *result)
{
	Buffer		list = {0};

	if (!result_ok(result) || PQntuples(result) == 0)
		return NULL;
	for (int i = 0; i < PQntuples(result); i++)
		buffer_printf(&list, "%sprocess %s of role \"%s\" (%s)", i > 0 ? ", " : "",
					  PQgetvalue(result, i, 0), PQgetvalue(result, i, 1), PQgetvalue(result, i, 2));
	buffer_append_byte(&list, '\0');
	return list.data;
}

/*
 * Who has written to the ledger, and has not ended the transaction.
 */
char *
who_writes(Writer *writer)
{
	PGresult   *result = run_query(writer->connection, writer_query, 0, NULL);
	char	   *list = list_sessions(result);

	PQclear(result);
	return list != NULL ? list : load_strdup("a session that has ended since");
}

/*
 * Try to be the one who loads files of this name; if another one is, *holder
 * says who, or is NULL if nobody is any more who could write to the ledger.
 */
static bool
try_turn(Writer *writer, const char *name, bool *mine, char **holder)
{
	const char *parameters[] = {name};
	PGresult   *result = query_or_fail(writer, try_query, 1, parameters);

	*holder = NULL;
	if (result == NULL)
		return false;
	*mine = *PQgetvalue(result, 0, 0) == 't';
	PQclear(result);
	if (*mine)
		return true;
	result = query_or_fail(writer, holder_query, 1, parameters);
	if (result == NULL)
		return false;
	*holder = list_sessions(result);
	PQclear(result);
	return true;
}

/*
 * Wait until nobody else loads files of this name, for as long as the options
 * say; false if that is not long enough, which is said, or if we are asked to stop.
 */
bool
wait_for_turn(Writer *writer, const char *name)
{
	double		end = clock_seconds() + writer->options->wait;
	int			unheld = 0;

	for (;;)
	{
		bool		mine;
		char	   *holder;

		if (!try_turn(writer, name, &mine, &holder))
			return false;
		/* who held it a moment ago may just have ended */
		if (mine || (holder == NULL && unheld++ > 0))
			return true;
		if (clock_seconds() >= end)
		{
			fail_file(writer, load_printf("is being loaded by %s; waited %d seconds for that",
										  holder != NULL ? holder : "another session", writer->options->wait));
			free(holder);
			return false;
		}
		free(holder);
		wait_for_input(-1, POLL_INTERVAL);
		if (must_stop(writer))
			return false;
	}
}
