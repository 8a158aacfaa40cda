/*-------------------------------------------------------------------------
 *
 * azhunt.c
 *	  Microsoft Sentinel hunts over Azure logs: module entry.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

PG_MODULE_MAGIC;
