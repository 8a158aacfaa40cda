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
 * The loads of a name are numbered.  Two loaders of the same name that have seen
 * the same ledger take the same number for theirs; the second one to enter it
 * undoes its load, and asks the ledger again.
 */
#include "write/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"
#include "common/buffer.h"
#include "read/prefix.h"
#include "write/failure.h"
#include "write/query.h"
#include "write/target_table.h"
#include "write/turn.h"

#define ENTRY_CONFLICT	"23505"
#define ENTRY_TIMEOUT	"55P03"

static const char *const hidden_query =
"SELECT pg_catalog.row_security_active('azhunt.loaded_files'::pg_catalog.text)";

/* The sizes at which the file may be known, and the numbers of its name. */
static const char *const sizes_query =
"SELECT f.size, pg_catalog.max(f.part), true"
" FROM azhunt.loaded_files AS f"
" WHERE f.name = $1"
" GROUP BY f.size"
" UNION ALL"
" SELECT $2::bigint, NULL, false"
" WHERE EXISTS (SELECT FROM azhunt.loaded_files AS f WHERE f.size = $2::bigint)"
" ORDER BY 1";

/* What of the digests of a file's beginnings is known. */
static const char *const digests_query =
"SELECT f.size, f.name = $1, pg_catalog.encode(f.digest, 'hex'::pg_catalog.text)"
" FROM azhunt.loaded_files AS f"
" WHERE f.digest IN (SELECT pg_catalog.decode(d.digest, 'hex'::pg_catalog.text)"
"                    FROM pg_catalog.unnest($2::pg_catalog.text[]) AS d (digest))"
" ORDER BY f.size";

static const char *const insert_query =
"INSERT INTO azhunt.loaded_files (name, part, size, \"offset\", digest, rows, rejected)"
" VALUES ($1, $2::bigint, $3::bigint, $4::bigint, pg_catalog.decode($5, 'hex'::pg_catalog.text), $6::bigint, $7::bigint)";

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

		if (ascii_strncasecmp(p, "insights-", 9) == 0 || ascii_strncasecmp(p, "am-", 3) == 0)
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
 * The name in the ledger of a file with this path, which has no symbolic links:
 * that of the blob if the path shows it, so that another download of it is
 * known, else the path.
 */
char *
ledger_name(const char *path)
{
	const char *blob = blob_path(path);
	char	   *name = load_strdup(blob != NULL ? blob : path);
	size_t		length = strlen(name);

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
 * Rows of the ledger that policies hide would be loaded again.
 */
static bool
ledger_is_visible(Writer *writer)
{
	PGresult   *result;

	if (writer->ledger_seen)
		return true;
	result = query_or_fail(writer, hidden_query, 0, NULL);
	if (result == NULL)
		return false;
	writer->ledger_seen = *PQgetvalue(result, 0, 0) == 'f';
	PQclear(result);
	if (!writer->ledger_seen)
		fail_file(writer, load_strdup("row-level security hides rows of azhunt.loaded_files from this role,"
									  " so it is not known what was loaded before"));
	return writer->ledger_seen;
}

/*
 * The beginnings of a file by which it may be known, from the rows of
 * sizes_query; the number of them.
 */
static int
read_prefixes(const PGresult *rows, Prefix **prefixes, LedgerPlace *place)
{
	int			count = 0;

	*prefixes = load_calloc((size_t) PQntuples(rows) + 1, sizeof(Prefix));
	for (int i = 0; i < PQntuples(rows); i++)
	{
		int64_t		size = strtoll(PQgetvalue(rows, i, 0), NULL, 10);
		int64_t		part = strtoll(PQgetvalue(rows, i, 1), NULL, 10);

		if (count == 0 || (*prefixes)[count - 1].size != size)
			(*prefixes)[count++].size = size;
		if (*PQgetvalue(rows, i, 2) == 't')
			(*prefixes)[count - 1].named = true;
		if (part > place->part)
			place->part = part;
	}
	return count;
}

/*
 * The digests as an array of SQL.
 */
static char *
digest_array(const Prefix *prefixes, int nprefixes)
{
	Buffer		array = {0};

	buffer_append_byte(&array, '{');
	for (int i = 0; i < nprefixes; i++)
	{
		if (prefixes[i].digest[0] != '\0')
			buffer_printf(&array, "%s%s", array.length > 1 ? "," : "", prefixes[i].digest);
	}
	buffer_append_string(&array, "}");
	buffer_append_byte(&array, '\0');
	return array.data;
}

/*
 * What the rows of digests_query say about a file with these beginnings.
 */
static LedgerAnswer
judge(const PGresult *rows, const Prefix *prefixes, int nprefixes, bool at_end, LedgerPlace *place)
{
	const Prefix *last = NULL;
	bool		named = false;

	for (int i = 0; i < nprefixes; i++)
	{
		named = named || prefixes[i].named;
		if (prefixes[i].digest[0] != '\0')
			last = &prefixes[i];
	}
	for (int i = 0; i < PQntuples(rows); i++)
	{
		if (at_end && last != NULL && strcmp(PQgetvalue(rows, i, 2), last->digest) == 0)
			return LEDGER_KNOWN;
		if (*PQgetvalue(rows, i, 1) != 't')
			continue;
		place->resume_at = strtoll(PQgetvalue(rows, i, 0), NULL, 10);
		snprintf(place->resume_digest, sizeof(place->resume_digest), "%s", PQgetvalue(rows, i, 2));
	}
	if (place->resume_at > 0)
		return LEDGER_GROWN;
	return named && is_hourly(place->name) ? LEDGER_CHANGED : LEDGER_NEW;
}

/*
 * Compare a file with what the ledger may know of it.
 */
static LedgerAnswer
compare_with_ledger(Writer *writer, Source *source, Prefix *prefixes, int nprefixes, LedgerPlace *place)
{
	bool		at_end;
	const char *parameters[] = {place->name, NULL};
	char	   *digests;
	PGresult   *rows;
	LedgerAnswer answer = LEDGER_ERROR;

	if (nprefixes == 0)
		return LEDGER_NEW;
	if (!digest_prefixes(source, prefixes, nprefixes, &at_end) || !source_rewind(source))
	{
		fail_file(writer, load_strdup(source->error));
		return LEDGER_ERROR;
	}
	digests = digest_array(prefixes, nprefixes);
	parameters[1] = digests;
	rows = query_or_fail(writer, digests_query, 2, parameters);
	if (rows != NULL)
		answer = judge(rows, prefixes, nprefixes, at_end, place);
	PQclear(rows);
	free(digests);
	return answer;
}

/*
 * Has the file that is open, or the beginning of it, been loaded?  Fills the
 * rest of its place in, and leaves the file as it was opened.
 */
LedgerAnswer
ask_ledger(Writer *writer, Source *source, LedgerPlace *place)
{
	char		size[32];
	const char *parameters[] = {place->name, size};
	PGresult   *rows;
	Prefix	   *prefixes;
	int			nprefixes;
	LedgerAnswer answer;

	/* what is no ordinary file can be read only once */
	place->numbered = source_is_file(source, &place->opened);
	if (!place->numbered)
		return LEDGER_NEW;
	if (!wait_for_turn(writer, place->name) || !ledger_is_visible(writer))
		return LEDGER_ERROR;
	snprintf(size, sizeof(size), "%lld", (long long) place->opened.st_size);
	rows = query_or_fail(writer, sizes_query, 2, parameters);
	if (rows == NULL)
		return LEDGER_ERROR;
	nprefixes = read_prefixes(rows, &prefixes, place);
	PQclear(rows);
	place->part++;
	answer = compare_with_ledger(writer, source, prefixes, nprefixes, place);
	free(prefixes);
	return answer;
}

/*
 * The ledger did not take the entry: say why, or have the file loaded again if
 * another loader of this name was faster.
 */
static void
refuse_entry(Writer *writer, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
	char	   *writers;

	if (state != NULL && strcmp(state, ENTRY_CONFLICT) == 0)
	{
		writer->known = constraint != NULL && strcmp(constraint, "loaded_files_digest_key") == 0;
		if (writer->known || load_again(writer))
			return;
	}
	if (state != NULL && strcmp(state, ENTRY_TIMEOUT) == 0)
	{
		(void) run_command(writer->connection, "ROLLBACK");
		writers = who_writes(writer);
		fail_file(writer, load_printf("could not be entered into azhunt.loaded_files: waited %d seconds for %s",
									  writer->options->wait, writers));
		free(writers);
		return;
	}
	fail_connection(writer, result);
}

/*
 * Enter the part of the file that was read into the ledger.
 *
 * A loader that enters the same is awaited, which has nothing left to do but to
 * commit.
 */
bool
write_ledger(Writer *writer, const LedgerPlace *place, Input *input)
{
	char		numbers[5][32];
	char		hex[DIGEST_HEX_SIZE];
	const char *parameters[] = {place->name, place->numbered ? numbers[0] : NULL, numbers[1],
	numbers[2], hex, numbers[3], numbers[4]};
	int64_t		rows = 0;
	char		timeout[64];
	PGresult   *result;
	bool		ok;

	for (int i = 0; i < COUNTED_TABLES; i++)
		rows += writer->targets[i] != NULL ? writer->targets[i]->row_count : 0;
	snprintf(numbers[0], sizeof(numbers[0]), "%lld", (long long) place->part);
	snprintf(numbers[1], sizeof(numbers[1]), "%lld", (long long) input->position.offset);
	snprintf(numbers[2], sizeof(numbers[2]), "%lld", (long long) place->resume_at);
	snprintf(numbers[3], sizeof(numbers[3]), "%lld", (long long) rows);
	snprintf(numbers[4], sizeof(numbers[4]), "%lld", (long long) writer->rejected);
	input_digest(input, hex);
	snprintf(timeout, sizeof(timeout), "SET LOCAL lock_timeout = '%ds'", writer->options->wait);
	(void) run_command(writer->connection, timeout);
	result = run_query(writer->connection, insert_query, 7, parameters);
	ok = result_ok(result);
	if (!ok)
		refuse_entry(writer, result);
	PQclear(result);
	return ok;
}
