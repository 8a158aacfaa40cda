/*-------------------------------------------------------------------------
 *
 * portal.h
 *	  Rows that the Entra portal downloads, as Microsoft Graph lists them.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_PORTAL_H
#define LOAD_PORTAL_H

#include "map/portal_audits.h"
#include "map/portal_signins.h"

/* Work space for one row after the other of a file. */
typedef struct Portal
{
	const Header *header;		/* that is known, or NULL */
	bool		of_audits;		/* else of sign-ins */
	SigninHeadings signins;
	AuditHeadings audits;
	Record		record;
	JsonText	json;
	Buffer		text;
	MemberCells cells;
} Portal;

extern const Record *portal_record(Portal *portal, const Record *record);
extern void portal_forget(Portal *portal);
extern void portal_free(Portal *portal);

#endif							/* LOAD_PORTAL_H */
