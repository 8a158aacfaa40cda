/*-------------------------------------------------------------------------
 *
 * ledger.c
 *	  The ledger of what was loaded, azhunt.loaded_files.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
/*
 * A file that was loaded is known by its content: no two rows of the ledger have
 * the same digest.  Its name tells whether it has grown: then what was loaded is
 * its beginning, and the digest of that is in the ledger.
 *
 * Loaders of the same name wait for each other, so that one of them sees what
 * the other has loaded.
 */
#include "load.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static const char *const lock_query =
"SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('azhunt.loaded_files ' || $1, 0))";

static const char *const lookup_query =
"SELECT f.size, pg_catalog.encode(f.digest, 'hex'), f.name = $1"
" FROM azhunt.loaded_files AS f"
" WHERE f.name = $1 OR f.size = $2::bigint"
" ORDER BY f.size";

static const char *const insert_query =
"INSERT INTO azhunt.loaded_files (name, size, \"offset\", digest, rows, rejected)"
" VALUES ($1, $2::bigint, $3::bigint, pg_catalog.decode($4, 'hex'), $5::bigint, $6::bigint)";

/*
 * The part of a path from the container that Azure made on, or NULL.  What
 * follows the container has the form resourceId= or tenantId=.
 */
static const char *
blob_path(const char *path)
{
	const char *container = NULL;

	for (const char *p = path; *p != '\0';)
	{
		size_t		length = strcspn(p, "/");

		if (strncasecmp(p, "insights-", 9) == 0 || strncasecmp(p, "am-", 3) == 0)
			container = p;
		else if (container != NULL && memchr(p, '=', length) != NULL)
			return container;
		else
			container = NULL;
		p += length;
		p += strspn(p, "/");
	}
	return NULL;
}

/*
 * The name of a file in the ledger: that of the blob if the path shows it, so
 * that another download of it is known, else the path without symbolic links.
 */
char *
ledger_name(const char *path)
{
	char	   *resolved = strcmp(path, "-") != 0 ? realpath(path, NULL) : NULL;
	const char *full = resolved != NULL ? resolved : path;
	const char *blob = blob_path(full);
	char	   *name = load_strdup(blob != NULL ? blob : full);
	size_t		length = strlen(name);

	free(resolved);
	if (length > 3 && strcmp(name + length - 3, ".gz") == 0)
		name[length - 3] = '\0';
	return name;
}

/*
 * Is this a blob to which Azure only ever appends?
 */
static bool
is_hourly(const char *name)
{
	return strstr(name, "/y=") != NULL && strstr(name, "/m=") != NULL && strstr(name, "/d=") != NULL;
}

/*
 * Read up to an offset of a file, or to its end; returns where that is.
 */
static int64_t
digest_up_to(Input *input, int64_t offset)
{
	while (input->digested < offset)
	{
		/* never more than wanted, so that the digest is that of the part */
		char		chunk[SOURCE_CHUNK];
		int64_t		wanted = offset - input->digested;
		ssize_t		length = source_read(input->source, chunk,
										 wanted < SOURCE_CHUNK ? (size_t) wanted : SOURCE_CHUNK);

		if (length <= 0)
		{
			input->failed = length < 0;
			break;
		}
		digest_update(input->digest, chunk, (size_t) length);
		input->digested += length;
	}
	return input->digested;
}

/*
 * Compare a file with the rows of the ledger that may be about it.
 */
static LedgerAnswer
compare_with_ledger(const PGresult *rows, const char *name, Input *input, int64_t *resume_at)
{
	bool		changed = false;
	bool		at_end;
	int64_t		same_content = -1;
	int64_t		read;
	char		hex[DIGEST_HEX_SIZE];

	*resume_at = 0;
	for (int i = 0; i < PQntuples(rows); i++)
	{
		int64_t		size = strtoll(PQgetvalue(rows, i, 0), NULL, 10);
		bool		same_name = *PQgetvalue(rows, i, 2) == 't';
		bool		same = digest_up_to(input, size) == size;

		digest_hex(input->digest, hex);
		same = same && strcmp(hex, PQgetvalue(rows, i, 1)) == 0;
		if (same)
			same_content = size;
		if (same && same_name)
			*resume_at = size;
		changed = changed || (!same && same_name);
	}
	read = input->digested;
	at_end = digest_up_to(input, read + 1) == read;
	if (at_end && same_content == read)
		return LEDGER_KNOWN;
	if (*resume_at > 0)
		return LEDGER_GROWN;
	return changed && is_hourly(name) ? LEDGER_CHANGED : LEDGER_NEW;
}

/*
 * Has this file been loaded?  Afterwards nobody else loads a file of this name
 * until the transaction ends.
 */
LedgerAnswer
ask_ledger(Loader *loader, const char *path, const char *name, int64_t *resume_at)
{
	struct stat status;
	char		size[32] = "-1";
	const char *parameters[] = {name, size};
	PGresult   *result;
	Source		source;
	Input		input;
	LedgerAnswer answer = LEDGER_NEW;

	/* what is no ordinary file can be read only once */
	if (strcmp(path, "-") == 0 || stat(path, &status) != 0 || !S_ISREG(status.st_mode))
		return LEDGER_NEW;
	snprintf(size, sizeof(size), "%lld", (long long) status.st_size);
	result = run_query(loader->connection, lock_query, 1, parameters);
	if (result_ok(result))
	{
		PQclear(result);
		result = run_query(loader->connection, lookup_query, 2, parameters);
	}
	if (!result_ok(result))
	{
		fail_connection(loader, result);
		PQclear(result);
		return LEDGER_ERROR;
	}
	if (PQntuples(result) > 0 && source_open(&source, path))
	{
		input_init(&input, &source);
		answer = compare_with_ledger(result, name, &input, resume_at);
		input_free(&input);
		source_close(&source);
	}
	PQclear(result);
	return answer;
}

/*
 * Enter the file into the ledger.
 */
bool
write_ledger(Loader *loader, const char *name, int64_t start, const Input *input)
{
	char		numbers[4][32];
	char		hex[DIGEST_HEX_SIZE];
	const char *parameters[] = {name, numbers[0], numbers[1], hex, numbers[2], numbers[3]};
	int64_t		rows = 0;
	PGresult   *result;
	bool		ok;

	for (int i = 0; i < COUNTED_TABLES; i++)
		rows += loader->targets[i] != NULL ? loader->targets[i]->row_count : 0;
	snprintf(numbers[0], sizeof(numbers[0]), "%lld", (long long) input->digested);
	snprintf(numbers[1], sizeof(numbers[1]), "%lld", (long long) start);
	snprintf(numbers[2], sizeof(numbers[2]), "%lld", (long long) rows);
	snprintf(numbers[3], sizeof(numbers[3]), "%lld", (long long) loader->rejected);
	digest_hex(input->digest, hex);
	result = run_query(loader->connection, insert_query, 6, parameters);
	ok = result_ok(result);
	if (!ok)
	{
		const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

		loader->known = state != NULL && strcmp(state, "23505") == 0;
		if (!loader->known)
			fail_connection(loader, result);
	}
	PQclear(result);
	return ok;
}
