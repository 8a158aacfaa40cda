/*-------------------------------------------------------------------------
 *
 * checks.c
 *	  Checks of the hunts' arguments.
 *
 * A hunt that quietly finds nothing because it was asked for nothing is the
 * worst answer, so each of these functions raises an error or returns true.
 * They stand as conditions in the SQL bodies of the hunts: immutable, so that
 * the planner folds them away once they have seen a constant, and where an
 * argument is not constant they are one-time filters, which run although the
 * log tables may be empty.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "azhunt.h"

PG_FUNCTION_INFO_V1(azhunt_check_lookback);
PG_FUNCTION_INFO_V1(azhunt_check_bin);
PG_FUNCTION_INFO_V1(azhunt_check_window);
PG_FUNCTION_INFO_V1(azhunt_check_operations);
PG_FUNCTION_INFO_V1(azhunt_check_text);
PG_FUNCTION_INFO_V1(azhunt_check_flag);
PG_FUNCTION_INFO_V1(azhunt_check_as_of);
PG_FUNCTION_INFO_V1(azhunt_check_period);
PG_FUNCTION_INFO_V1(azhunt_check_signin_time);

/* Operations by which a storage service takes in what a file holds */
static const char *const upload_operations[] = {
	/* blobs */
	"PutBlob", "PutBlobFromURL", "PutBlock", "PutBlockFromURL",
	"PutBlockList", "AppendBlock", "PutPage", "CopyBlob",
	"IncrementalCopyBlob",
	/* Data Lake Storage Gen2 */
	"CreatePathFile", "AppendFile", "FlushFile", "RenamePathFile",
	/* files, REST */
	"CreateFile", "PutRange", "PutRangeFromURL", "CopyFile",
	/* files, SMB */
	"Create", "Write",
	/* files, NFS */
	"Nfs4Write",
	/* SFTP */
	"SftpWrite", "SftpCommit",
};

/*
 * Raise an error if an argument, whose name and number these are, is NULL.
 */
static void
require_not_null(FunctionCallInfo fcinfo, int n, const char *argument,
				 const char *hint)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", argument),
				 errhint("%s", hint)));
}

/*
 * check_lookback(interval): a timespan of zero or more.
 */
Datum
azhunt_check_lookback(PG_FUNCTION_ARGS)
{
	require_not_null(fcinfo, 0, "lookback",
					 "Leave the argument out to use its default.");

	(void) lookback_microseconds(PG_GETARG_INTERVAL_P(0));
	PG_RETURN_BOOL(true);
}

/*
 * check_bin(interval): a timespan of more than zero.
 */
Datum
azhunt_check_bin(PG_FUNCTION_ARGS)
{
	require_not_null(fcinfo, 0, "bin",
					 "Leave the argument out to use its default.");

	(void) bin_microseconds(PG_GETARG_INTERVAL_P(0));
	PG_RETURN_BOOL(true);
}

/*
 * check_window(interval): a timespan of zero or more.
 */
Datum
azhunt_check_window(PG_FUNCTION_ARGS)
{
	require_not_null(fcinfo, 0, "window",
					 "Leave the argument out to use its default.");

	if (timespan_microseconds(PG_GETARG_INTERVAL_P(0), "window") < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("window must not be negative"),
				 errhint("Write '10 minutes' for a window of ten minutes.")));
	PG_RETURN_BOOL(true);
}

/*
 * Is this one of the upload operations, ignoring case?
 */
static bool
is_upload_operation(KqlString operation)
{
	for (int i = 0; i < (int) lengthof(upload_operations); i++)
	{
		KqlString	known = kql_string(upload_operations[i],
									   strlen(upload_operations[i]));

		if (kql_equal_fold(operation, known, database_encoding()))
			return true;
	}
	return false;
}

/*
 * The upload operations, separated by commas.
 */
static char *
list_upload_operations(void)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < (int) lengthof(upload_operations); i++)
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "",
						 upload_operations[i]);
	return list.data;
}

/*
 * check_operations(text[]): upload operations that the services have.
 */
Datum
azhunt_check_operations(PG_FUNCTION_ARGS)
{
	Datum	   *operations;
	bool	   *nulls;
	int			count;

	require_not_null(fcinfo, 0, "operations",
					 "Leave the argument out to use its default.");

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false,
					  TYPALIGN_INT, &operations, &nulls, &count);
	if (count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("operations must not be empty"),
				 errhint("Known upload operations: %s.",
						 list_upload_operations())));

	for (int i = 0; i < count; i++)
	{
		text	   *operation;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("an element of operations must not be null"),
					 errhint("Leave the argument out to use its default.")));

		operation = DatumGetTextPP(operations[i]);
		if (!is_upload_operation(TextKqlString(operation)))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("unknown upload operation \"%s\"",
							text_to_cstring(operation)),
					 errhint("Known upload operations: %s.",
							 list_upload_operations())));
	}
	PG_RETURN_BOOL(true);
}

/*
 * The name of the argument that is checked, which is itself an argument.
 */
static const char *
checked_argument(FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		return "argument";
	return text_to_cstring(PG_GETARG_TEXT_PP(n));
}

/*
 * check_text(text, argument text, may_be_null boolean): a text that says
 * something, or NULL where that has a meaning.
 */
Datum
azhunt_check_text(PG_FUNCTION_ARGS)
{
	const char *argument = checked_argument(fcinfo, 1);
	bool		may_be_null = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
	const char *hint;

	if (may_be_null)
		hint = "Use NULL to ask for all.";
	else
		hint = "Leave the argument out to use its default.";

	if (!may_be_null)
		require_not_null(fcinfo, 0, argument, hint);
	if (!PG_ARGISNULL(0) && VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(0)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be empty", argument),
				 errhint("%s", hint)));
	PG_RETURN_BOOL(true);
}

/*
 * check_flag(boolean, argument text): true or false.
 */
Datum
azhunt_check_flag(PG_FUNCTION_ARGS)
{
	require_not_null(fcinfo, 0, checked_argument(fcinfo, 1),
					 "Use true or false.");
	PG_RETURN_BOOL(true);
}

/*
 * check_as_of(timestamptz): a time that a lookback can be counted from.
 */
Datum
azhunt_check_as_of(PG_FUNCTION_ARGS)
{
	require_not_null(fcinfo, 0, "as_of",
					 "Leave the argument out to look back from now.");

	if (TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(0)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("as_of must be finite"),
				 errhint("The lookback is counted from it; for all history use a long lookback.")));
	PG_RETURN_BOOL(true);
}

/*
 * check_period(since timestamptz, until timestamptz): a period that does not
 * end before it starts.
 */
Datum
azhunt_check_period(PG_FUNCTION_ARGS)
{
	require_not_null(fcinfo, 0, "since", "Use '-infinity' for no lower bound.");
	require_not_null(fcinfo, 1, "until", "Use 'infinity' for no upper bound.");
	if (PG_GETARG_TIMESTAMPTZ(0) > PG_GETARG_TIMESTAMPTZ(1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("since must not be after until"),
				 errdetail("The period runs from %s to %s.",
						   pstrdup(timestamptz_to_str(PG_GETARG_TIMESTAMPTZ(0))),
						   pstrdup(timestamptz_to_str(PG_GETARG_TIMESTAMPTZ(1)))),
				 errhint("Both bounds belong to the period; swap them.")));
	PG_RETURN_BOOL(true);
}

/*
 * check_signin_time(text): a column that says when a person signed in.
 */
Datum
azhunt_check_signin_time(PG_FUNCTION_ARGS)
{
	char	   *column;

	require_not_null(fcinfo, 0, "signin_time",
					 "Leave the argument out to use its default.");
	column = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (strcmp(column, "TimeGenerated") != 0 && strcmp(column, "CreatedDateTime") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("signin_time cannot be \"%s\"", column),
				 errhint("Use 'TimeGenerated', when a sign-in was processed, or 'CreatedDateTime', when it began.")));
	PG_RETURN_BOOL(true);
}
