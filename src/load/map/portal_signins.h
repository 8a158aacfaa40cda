/*-------------------------------------------------------------------------
 *
 * portal_signins.h
 *	  Sign-ins that the Entra portal downloads, as Microsoft Graph lists them.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_PORTAL_SIGNINS_H
#define LOAD_PORTAL_SIGNINS_H

#include "map/member_cells.h"
#include "read/record.h"

/* What the columns of a file of sign-ins are. */
typedef struct SigninHeadings
{
	int		   *cells;			/* of each known heading, the number of its
								 * cell, or -1 */
	bool	   *known;			/* of each cell, whether it has one */
	const char *const *logs;	/* that have such headings, up to NULL */
} SigninHeadings;

extern void read_signin_headings(SigninHeadings *headings, const Header *header);
extern void write_signin(const SigninHeadings *headings, const Record *record, Buffer *out, MemberCells *cells);
extern void free_signin_headings(SigninHeadings *headings);

#endif							/* LOAD_PORTAL_SIGNINS_H */
