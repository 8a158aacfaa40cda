/*-------------------------------------------------------------------------
 *
 * portal.c
 *	  Rows that the Entra portal downloads, as Microsoft Graph lists them.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
/*
 * The portal's CSV has what Microsoft Graph lists, flattened and with headings for
 * people.  Such a row is written as the record that Graph lists, and parsed, so that
 * all else is as with that.
 */
#include "map/portal.h"

#include <stdlib.h>

/*
 * Find out what the columns of a file are.
 */
static void
read_headings(Portal *portal, const Header *header)
{
	portal->header = header;
	portal->of_audits = are_audit_headings(header);
	if (portal->of_audits)
		read_audit_headings(&portal->audits, header);
	else
		read_signin_headings(&portal->signins, header);
}

/*
 * A record that is no row of the portal: most often the record itself.
 */
const Record *
portal_record(Portal *portal, const Record *record)
{
	char	   *error = NULL;
	size_t		error_at;

	if (record->shape != RECORD_PORTAL)
		return record;
	if (portal->header != record->header)
		read_headings(portal, record->header);
	portal->text.length = 0;
	portal->cells.count = 0;
	if (portal->of_audits)
		write_audit(&portal->audits, record, &portal->text, &portal->cells);
	else
		write_signin(&portal->signins, record, &portal->text, &portal->cells);
	if (!json_text_parse(&portal->json, portal->text.data, portal->text.length, &error, &error_at))
	{
		free(error);
		return record;
	}
	portal->record = *record;
	portal->record.shape = RECORD_LISTED;
	portal->record.json = &portal->json;
	portal->record.member_cells = portal->cells.cells;
	portal->record.logs = portal->of_audits ? NULL : portal->signins.logs;
	return &portal->record;
}

/*
 * Forget the columns of a file, before another is read.
 */
void
portal_forget(Portal *portal)
{
	if (portal->header == NULL)
		return;
	free_signin_headings(&portal->signins);
	free_audit_headings(&portal->audits);
	portal->header = NULL;
}

/*
 * Give all memory back.
 */
void
portal_free(Portal *portal)
{
	portal_forget(portal);
	json_text_free(&portal->json);
	buffer_free(&portal->text);
	free(portal->cells.cells);
}
