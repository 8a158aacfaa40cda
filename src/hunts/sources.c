/*-------------------------------------------------------------------------
 *
 * sources.c
 *	  The hint for a hunt whose log tables are not there.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "fmgr.h"
#include "nodes/supportnodes.h"
#include "utils/lsyscache.h"

PG_FUNCTION_INFO_V1(azhunt_log_table_support);

/* The log tables that a function reads */
typedef struct SourceFunction
{
	const char *function;
	const char *tables[5];		/* ends with NULL */
} SourceFunction;

static const SourceFunction sources[] =
{
	{"read_storage_operations", {"storagefilelogs", "storagebloblogs"}},
	{"read_signins", {"signinlogs", "aadnoninteractiveusersigninlogs",
	"aadserviceprincipalsigninlogs", "aadmanagedidentitysigninlogs"}},
	{"read_activity", {"azureactivity"}},
};

/*
 * Raise PostgreSQL's own error for a relation that does not exist, with a hint.
 */
static void
require_log_table(Oid schema, const char *name)
{
	if (OidIsValid(get_relname_relid(name, schema)))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_TABLE),
			 errmsg("relation \"%s.%s\" does not exist", get_namespace_name(schema), name),
			 errhint("azhunt.create_log_tables() creates the log tables.")));
}

/*
 * log_table_support(internal): says of a call that it cannot be simplified.
 *
 * The planner asks just before it puts the function's query in the place of the
 * call, where nothing could add a hint.  So the log tables are looked for here,
 * and the plan is what it would be without.
 */
Datum
azhunt_log_table_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestSimplify))
	{
		Oid			function = ((SupportRequestSimplify *) request)->fcall->funcid;
		char	   *name = get_func_name(function);

		for (size_t i = 0; name != NULL && i < lengthof(sources); i++)
		{
			if (strcmp(name, sources[i].function) != 0)
				continue;
			for (const char *const *table = sources[i].tables; *table != NULL; table++)
				require_log_table(get_func_namespace(function), *table);
		}
	}
	PG_RETURN_POINTER(NULL);
}
