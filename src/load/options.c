/*-------------------------------------------------------------------------
 *
 * options.c
 *	  The command line.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "common/messages.h"

static const char *const help =
"azhunt-load loads Azure logs into the log tables of azhunt.\n"
"\n"
"Usage:\n"
"  azhunt-load [OPTION]... PATH...\n"
"\n"
"PATH is a file, a directory with all below it, or - for standard input.\n"
"Files may be compressed with gzip.  What each holds is recognised: raw\n"
"diagnostic records, also in {\"records\": [...]}, records with the columns of a\n"
"log table, answers of queries, and CSV of the portal.\n"
"\n"
"Options:\n"
"  -t, --table=NAME         table for records that don't say which is theirs\n"
"  -j, --jobs=NUM           load so many files at the same time, at most 64\n"
"                           (default: 1)\n"
"      --dates=ORDER        whether dates like 10/03/2026 are month-first or\n"
"                           day-first, where the file does not tell\n"
"      --reject-file=FILE   append records that cannot be loaded to FILE, with\n"
"                           the reason, and load the others; without this, such\n"
"                           a record stops its file\n"
"      --create             create the extension and the log tables if the database\n"
"                           lacks them\n"
"      --explain            say what would be loaded and into which columns, without\n"
"                           loading and without a server\n"
"      --skip-unknown       leave out records of logs that azhunt has no table for\n"
"      --wait=SECONDS       wait so long for others who load the same file\n"
"                           (default: 60)\n"
"      --no-partitions      add no daily partitions\n"
"      --watch              load what is there, wait for more and load it, until\n"
"                           stopped by SIGTERM or SIGINT; one file after the\n"
"                           other, so without --jobs\n"
"      --interval=SECONDS   with --watch, look at the directories so often, even if\n"
"                           the system does not tell that something has arrived\n"
"                           (default: 60)\n"
"  -q, --quiet              no progress, no summary\n"
"  -V, --version            output version information, then exit\n"
"  -?, --help               show this help, then exit\n"
"\n"
"Connection options:\n"
"  -d, --dbname=CONNSTR     database name or connection string\n"
"  -h, --host=HOSTNAME      database server host or socket directory\n"
"  -p, --port=PORT          database server port number\n"
"  -U, --username=NAME      connect as specified database user\n"
"  -w, --no-password        never prompt for password\n"
"  -W, --password           force password prompt (should happen automatically)\n"
"\n"
"Exit status is 0 if all files are loaded, now or earlier, 1 if some file is not,\n"
"or not to its end, since that is not written yet, and 2 if the command line is\n"
"wrong, or there is no connection, or it was lost.\n";

enum
{
	OPTION_REJECT_FILE = 256,
	OPTION_WAIT,
	OPTION_NO_PARTITIONS,
	OPTION_SKIP_UNKNOWN,
	OPTION_DATES,
	OPTION_EXPLAIN,
	OPTION_CREATE,
	OPTION_WATCH,
	OPTION_INTERVAL,
	OPTION_HELP
};

static const struct option long_options[] = {
	{"table", required_argument, NULL, 't'},
	{"jobs", required_argument, NULL, 'j'},
	{"reject-file", required_argument, NULL, OPTION_REJECT_FILE},
	{"wait", required_argument, NULL, OPTION_WAIT},
	{"no-partitions", no_argument, NULL, OPTION_NO_PARTITIONS},
	{"skip-unknown", no_argument, NULL, OPTION_SKIP_UNKNOWN},
	{"dates", required_argument, NULL, OPTION_DATES},
	{"watch", no_argument, NULL, OPTION_WATCH},
	{"interval", required_argument, NULL, OPTION_INTERVAL},
	{"create", no_argument, NULL, OPTION_CREATE},
	{"explain", no_argument, NULL, OPTION_EXPLAIN},
	{"quiet", no_argument, NULL, 'q'},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, OPTION_HELP},
	{"dbname", required_argument, NULL, 'd'},
	{"host", required_argument, NULL, 'h'},
	{"port", required_argument, NULL, 'p'},
	{"username", required_argument, NULL, 'U'},
	{"no-password", no_argument, NULL, 'w'},
	{"password", no_argument, NULL, 'W'},
	{NULL, 0, NULL, 0}
};

/*
 * Stop because of a wrong command line.
 */
static void
wrong_usage(const char *reason)
{
	if (reason != NULL)
		report_error("%s", reason);
	message("Try \"" PROGRAM " --help\" for more information.");
	exit(EXIT_TROUBLE);
}

/*
 * The number that an option takes.
 */
static int
parse_number(const char *text, int least, int most, const char *complaint)
{
	char	   *end;
	long		number = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || number < least || number > most)
		wrong_usage(complaint);
	return (int) number;
}

/*
 * The order that --dates says.
 */
static DateOrder
parse_dates(const char *text)
{
	if (strcmp(text, "month-first") == 0)
		return MONTH_FIRST;
	if (strcmp(text, "day-first") != 0)
		wrong_usage("--dates must be month-first or day-first");
	return DAY_FIRST;
}

/*
 * Take one of the options that say what to load, and how.
 */
static bool
take_load_option(Options *options, int option, char *argument)
{
	switch (option)
	{
		case 't':
			if (*argument == '\0')
				wrong_usage("--table must not be empty");
			options->write.table = argument;
			return true;
		case 'j':
			options->jobs = parse_number(argument, 1, MAX_JOBS, "--jobs must be a number from 1 to 64");
			return true;
		case 'q':
			options->quiet = true;
			return true;
		case OPTION_REJECT_FILE:
			options->write.reject_file = argument;
			return true;
		case OPTION_WAIT:
			options->write.wait = parse_number(argument, 1, 86400, "--wait must be a number of seconds from 1 to 86400");
			return true;
		case OPTION_NO_PARTITIONS:
			options->write.no_partitions = true;
			return true;
		case OPTION_DATES:
			options->dates = parse_dates(argument);
			return true;
		case OPTION_WATCH:
			options->watch = true;
			return true;
		case OPTION_INTERVAL:
			options->interval = parse_number(argument, 1, 86400, "--interval must be a number of seconds from 1 to 86400");
			return true;
		case OPTION_CREATE:
			options->create = true;
			return true;
		case OPTION_EXPLAIN:
			options->explain = true;
			return true;
		case OPTION_SKIP_UNKNOWN:
			options->write.skip_unknown = true;
			return true;
		default:
			return false;
	}
}

/*
 * Take one of the options that say where the server is.
 */
static bool
take_connection_option(Options *options, int option, char *argument)
{
	switch (option)
	{
		case 'd':
			options->connection.dbname = argument;
			return true;
		case 'h':
			options->connection.host = argument;
			return true;
		case 'p':
			options->connection.port = argument;
			return true;
		case 'U':
			options->connection.user = argument;
			return true;
		case 'w':
			options->connection.prompt = PROMPT_NEVER;
			return true;
		case 'W':
			options->connection.prompt = PROMPT_ALWAYS;
			return true;
		default:
			return false;
	}
}

/*
 * Take one of the options that ask about the program, after which it ends.
 */
static bool
take_question(int option, const char *word)
{
	/* an option that is unknown is a question mark, too */
	if (option == OPTION_HELP || (option == '?' && strcmp(word, "-?") == 0))
		fputs(help, stdout);
	else if (option == 'V')
		puts(PROGRAM " (azhunt) " AZHUNT_VERSION);
	else
		return false;
	exit(EXIT_ALL_LOADED);
}

/*
 * Stop if --watch is combined with what it cannot do.
 */
static void
check_watch(const Options *options)
{
	if (!options->watch)
		return;
	if (options->jobs > 1)
		wrong_usage("--watch loads one file after the other, so it has no --jobs");
	if (options->explain)
		wrong_usage("--watch loads what --explain does not");
	for (int i = 0; i < options->npaths; i++)
	{
		if (strcmp(options->paths[i], "-") == 0)
			wrong_usage("--watch needs directories, not standard input");
	}
}

/*
 * Read the command line; does not return if it is wrong.
 */
void
parse_options(Options *options, int argc, char **argv)
{
	int			option;

	memset(options, 0, sizeof(*options));
	options->jobs = 1;
	options->write.wait = 60;
	options->interval = 60;
	while ((option = getopt_long(argc, argv, "t:j:qd:h:p:U:wWV?", long_options, NULL)) != -1)
	{
		if (!take_load_option(options, option, optarg) &&
			!take_connection_option(options, option, optarg) &&
			!take_question(option, argv[optind - 1]))
			wrong_usage(NULL);
	}
	options->paths = argv + optind;
	options->npaths = argc - optind;
	if (options->npaths == 0)
		wrong_usage("no file was named");
	check_watch(options);
}
