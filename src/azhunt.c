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
#include "utils/guc.h"
#include "utils/plancache.h"

#include "compat.h"
#include "planner/planner.h"
#include "windowjoin/merge.h"
#include "windowjoin/windowjoin.h"

PG_MODULE_MAGIC_EXT(
					.name = "azhunt",
					.version = AZHUNT_VERSION
);

extern PGDLLEXPORT void _PG_init(void);

/*
 * Plans that were made under the other setting must not be used again.
 */
static void
assign_enable_windowjoin(bool newval, void *extra)
{
	(void) extra;
	if (newval != enable_windowjoin)
		ResetPlanCache();
}

/*
 * The same for the merge of indexes.
 */
static void
assign_enable_windowmerge(bool newval, void *extra)
{
	(void) extra;
	if (newval != enable_windowmerge)
		ResetPlanCache();
}

/*
 * Module entry: settings, and the hooks into planner and executor.
 */
void
_PG_init(void)
{
	DefineCustomBoolVariable("azhunt.enable_windowjoin",
							 gettext_noop("Enables the planner's use of windowed join plans."),
							 gettext_noop("They join on within(), and on equalities if there are any."),
							 &enable_windowjoin,
							 true,
							 PGC_USERSET,
							 GUC_EXPLAIN,
							 NULL,
							 assign_enable_windowjoin,
							 NULL);
	DefineCustomBoolVariable("azhunt.enable_windowmerge",
							 gettext_noop("Enables windowed joins by a merge of indexes."),
							 gettext_noop("Off as well where azhunt.enable_windowjoin is."),
							 &enable_windowmerge,
							 true,
							 PGC_USERSET,
							 GUC_EXPLAIN,
							 NULL,
							 assign_enable_windowmerge,
							 NULL);
	MarkGUCPrefixReserved("azhunt");

	window_join_install_hook();
	index_cost_install_hook();
	lookback_install_hook();
}
