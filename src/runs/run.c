/*-------------------------------------------------------------------------
 *
 * run.c
 *	  What rules need and SQL does not have.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(azhunt_prevent_in_transaction_block);
PG_FUNCTION_INFO_V1(azhunt_raise_saved_error);

/*
 * prevent_in_transaction_block(): an error where run_rule() could not commit.
 *
 * COMMIT itself says "invalid transaction termination", which leaves the
 * reader to guess.
 */
Datum
azhunt_prevent_in_transaction_block(PG_FUNCTION_ARGS)
{
	if (IsTransactionBlock())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("azhunt.run_rule() cannot run inside a transaction block"),
				 errdetail("It commits its results, or that it failed."),
				 errhint("Call it on its own, or use azhunt.run_rule_in_transaction() and commit yourself.")));
	PG_RETURN_VOID();
}

/*
 * raise_saved_error(sqlstate text, message text, detail text, hint text): the error that
 * was caught, once what happened is committed.
 *
 * RAISE would print a detail and a hint although they are empty.
 */
Datum
azhunt_raise_saved_error(PG_FUNCTION_ARGS)
{
	const char *state = text_to_cstring(PG_GETARG_TEXT_PP(0));
	const char *detail = text_to_cstring(PG_GETARG_TEXT_PP(2));
	const char *hint = text_to_cstring(PG_GETARG_TEXT_PP(3));

	if (strlen(state) != 5)
		elog(ERROR, "invalid SQLSTATE \"%s\"", state);

	ereport(ERROR,
			(errcode(MAKE_SQLSTATE(state[0], state[1], state[2], state[3], state[4])),
			 errmsg_internal("%s", text_to_cstring(PG_GETARG_TEXT_PP(1))),
			 detail[0] != '\0' ? errdetail_internal("%s", detail) : 0,
			 hint[0] != '\0' ? errhint("%s", hint) : 0));
	PG_RETURN_VOID();
}
