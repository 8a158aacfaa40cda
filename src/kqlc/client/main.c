/*-------------------------------------------------------------------------
 *
 * main.c
 *	  azhunt-kql: compile a KQL query without a server, or import hunts.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

/* What the command line says */
typedef struct Options
{
	const char *tables;
	KqlParameter *parameters;	/* with room for each argument */
	KqlOptions	compile;
	ImportOptions import;
	bool		is_import;
} Options;

/*
 * Say how it is used.
 */
static void
print_usage(FILE *out)
{
	fputs("azhunt-kql compiles KQL to SQL, and imports Microsoft Sentinel's hunts.\n"
		  "\n"
		  "Usage:\n"
		  "  azhunt-kql [--schema DIR] [--parameter NAME=VALUE]... FILE\n"
		  "  azhunt-kql import [-d CONNECTION] [--into SCHEMA] PATH...\n"
		  "  azhunt-kql import --check [--schema DIR] PATH...\n"
		  "  azhunt-kql --functions\n"
		  "\n"
		  "Options:\n"
		  "  -s, --schema=DIR        know the tables of NAME.csv in DIR, too: a line \"column,type\" each\n"
		  "  -p, --parameter=NAME=VALUE  value of a query parameter\n"
		  "  -d, --dbname=CONNECTION database, or connection string\n"
		  "  -n, --into=SCHEMA       schema in which hunts are made; by default the first of search_path\n"
		  "  -c, --check             only compile, without a server\n"
		  "  -f, --functions         list the functions of KQL that are known\n"
		  "  -V, --version           print the version\n"
		  "  -h, --help              print this\n"
		  "\n"
		  "FILE may be \"-\".  A directory stands for all YAML below it.\n", out);
}

/*
 * Print the table of functions, for the documentation.
 */
static void
print_functions(void)
{
	const char *name;
	const char *arguments;
	const char *result;
	const char *description;

	for (int i = 0; kql_describe_function(i, &name, &arguments, &result, &description); i++)
		printf("%s\t%s\t%s\t%s\n", name, arguments, result, description);
}

/*
 * Take NAME=VALUE.
 */
static void
add_parameter(Options *options, char *argument)
{
	char	   *equals = strchr(argument, '=');

	if (equals == NULL)
	{
		fprintf(stderr, "azhunt-kql: a parameter is NAME=VALUE, not %s\n", argument);
		exit(EXIT_TROUBLE);
	}
	*equals = '\0';
	options->parameters[options->compile.parameter_count].name = argument;
	options->parameters[options->compile.parameter_count++].value = equals + 1;
}

/*
 * Read the options; what they print ends the program.
 */
static void
read_options(int argc, char **argv, Options *options)
{
	static const struct option names[] = {
		{"schema", required_argument, NULL, 's'}, {"parameter", required_argument, NULL, 'p'},
		{"dbname", required_argument, NULL, 'd'}, {"into", required_argument, NULL, 'n'},
		{"check", no_argument, NULL, 'c'}, {"functions", no_argument, NULL, 'f'},
		{"version", no_argument, NULL, 'V'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}
	};
	int			option;

	while ((option = getopt_long(argc, argv, "s:p:d:n:cfVh", names, NULL)) != -1)
	{
		switch (option)
		{
			case 's':
				options->tables = optarg;
				break;
			case 'p':
				add_parameter(options, optarg);
				break;
			case 'd':
				options->import.connection = optarg;
				break;
			case 'n':
				options->import.schema = optarg;
				break;
			case 'c':
				options->import.only_checks = true;
				break;
			case 'f':
				print_functions();
				exit(0);
			case 'V':
				puts("azhunt-kql (azhunt) " AZHUNT_VERSION);
				exit(0);
			case 'h':
				print_usage(stdout);
				exit(0);
			default:
				exit(EXIT_TROUBLE);
		}
	}
}

/*
 * Print the errors, each at its place.
 */
static int
print_errors(const char *path, const KqlError *error)
{
	for (; error != NULL; error = error->next)
	{
		fprintf(stderr, "%s:%d:%d: %s\n", path, error->line, error->column, error->message);
		if (error->hint != NULL)
			fprintf(stderr, "  %s\n", error->hint);
	}
	return EXIT_REFUSED;
}

/*
 * Compile the query of a file.
 */
static int
compile_file(const Options *options, const KqlSchema *schema, const char *path)
{
	KqlAllocator allocator = {NULL, client_allocate};
	KqlResult	result;
	size_t		length;
	char	   *query = read_whole_file(path, &length);

	kql_compile(query, length, schema, &options->compile, &allocator, &result);
	if (result.errors != NULL)
		return print_errors(path, result.errors);
	printf("%s\n", result.sql);
	return 0;
}

/*
 * At the end, all output has to have been written.
 */
static void
end_output(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return;
	fprintf(stderr, "azhunt-kql: could not write to standard output: %s\n", strerror(errno));
	_exit(EXIT_TROUBLE);
}

int
main(int argc, char **argv)
{
	static Options options;
	KqlSchema	schema;

	atexit(end_output);
	options.parameters = client_allocate(NULL, (size_t) argc * sizeof(KqlParameter));
	options.compile.parameters = options.parameters;
	options.import.tables = &schema;
	options.is_import = argc > 1 && strcmp(argv[1], "import") == 0;
	read_options(argc - options.is_import, argv + options.is_import, &options);
	argc -= optind + options.is_import;
	argv += optind + options.is_import;
	if (argc < 1 || (argc > 1 && !options.is_import))
	{
		print_usage(stderr);
		return EXIT_TROUBLE;
	}
	read_tables(options.tables, &schema);
	return options.is_import ? import_hunts(&options.import, argv) : compile_file(&options, &schema, argv[0]);
}
