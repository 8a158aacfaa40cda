/*-------------------------------------------------------------------------
 *
 * ingest.c
 *	  What a log row carries about its own arrival.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"

PG_FUNCTION_INFO_V1(azhunt_ingest_xid);

/*
 * ingest_xid(): the 64-bit id of the transaction that loads a row.
 *
 * Assigns an id if the transaction has none yet, as pg_current_xact_id() does.
 */
Datum
azhunt_ingest_xid(PG_FUNCTION_ARGS)
{
	FullTransactionId xid = GetTopFullTransactionId();

	PG_RETURN_INT64((int64) U64FromFullTransactionId(xid));
}
