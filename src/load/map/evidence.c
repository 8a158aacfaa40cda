/*-------------------------------------------------------------------------
 *
 * evidence.c
 *	  What a record says about the table in which it belongs.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "map/evidence.h"

#include <string.h>

#include "common/ascii.h"
#include "common/bytes.h"
#include "map/derive.h"
#include "map/localized.h"

/*
 * A field that is a text which is not empty.
 */
static bool
text_field(const Record *record, const char *name, Value *value)
{
	if (!record_field(record, name, value))
		return false;
	if (value->kind == VALUE_DYNAMIC)
		*value = localized_value(value->json, value->node);
	return value->kind == VALUE_STRING && value->length > 0;
}

/*
 * The text of a node at a path of a record.
 */
static bool
text_member(const Record *record, const char *path, Value *value)
{
	const json_t *node = record_member(record, path);

	if (node == NULL)
		return false;
	*value = json_value(record->json, node);
	return value->kind == VALUE_STRING;
}

/*
 * The table that a record which is not raw names.
 */
static bool
log_of_type(const Record *record, NamedLog *log)
{
	static const char *const names[] = {"$table", "Type", "TableName"};
	const LogTable *table;

	for (size_t i = 0; record_has_columns(record) && i < sizeof(names) / sizeof(names[0]); i++)
	{
		if (!text_field(record, names[i], &log->name))
			continue;
		table = log_table_by_name(log->name.text, log->name.length);
		/* TableName is that of the query's answer, too */
		log->named = table != NULL || i < 2;
		log->tables = table != NULL ? table->bit : 0;
		if (log->named)
			return true;
	}
	return false;
}

/*
 * The tables of a record's category.  That of a record which is not raw may be
 * anything.
 */
static void
log_of_category(const Record *record, NamedLog *log)
{
	bool		known;

	log->named = text_field(record, "category", &log->name) || text_field(record, "CategoryValue", &log->name);
	if (!log->named)
		return;
	log->tables = tables_of_category(log->name.text, log->name.length);
	known = log->tables != 0;
	log->named = known || record->shape == RECORD_RAW || record->shape == RECORD_LISTED;
}

/*
 * Note that a field says that a record is of another log.
 */
static void
note_contradiction(NamedLog *log, const char *field, const Value *name)
{
	log->contradicts = true;
	log->other_field = field;
	log->other_name = *name;
}

/*
 * A text as a value.
 */
static Value
text_value(const char *text)
{
	return (Value)
	{
		.kind = VALUE_STRING,.text = text,.length = strlen(text)
	};
}

/*
 * Name a log by one of ours.
 */
static void
name_log(NamedLog *log, const char *name)
{
	log->named = true;
	log->tables = log_table_by_name(name, strlen(name))->bit;
	log->contradicts = false;
	log->name = text_value(name);
}

/*
 * Name a log by the kind of its sign-ins, for which there may be no table.
 */
static void
name_by_kind(NamedLog *log, const Value *kind)
{
	static const char *const kinds[][2] = {
		{"interactiveUser", "SigninLogs"},
		{"nonInteractiveUser", "AADNonInteractiveUserSignInLogs"},
		{"servicePrincipal", "AADServicePrincipalSignInLogs"},
		{"managedIdentity", "AADManagedIdentitySignInLogs"}
	};

	/* PowerShell has capitals where Graph has none */
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
	{
		if (kind->kind == VALUE_STRING && kind->length == strlen(kinds[i][0]) &&
			ascii_strncasecmp(kind->text, kinds[i][0], kind->length) == 0)
		{
			name_log(log, kinds[i][1]);
			return;
		}
	}
	*log = (NamedLog)
	{
		.named = true,.name = *kind
	};
	if (kind->kind != VALUE_STRING)
		log->name = text_value("signInEventTypes");
}

/*
 * Name a log by the kinds of sign-in that Microsoft Graph lists: an array, most often
 * of one, or one alone.  Nothing is named where there is none.
 */
static void
name_by_kinds(NamedLog *log, const Record *record)
{
	Value		kinds;
	size_t		count;

	if (!record_field(record, "signInEventTypes", &kinds) || kinds.kind == VALUE_NULL ||
		(kinds.kind == VALUE_STRING && kinds.length == 0))
		return;
	count = json_is_array(kinds.node) ? json_array_size(kinds.node) : 1;
	for (size_t i = 0; i < count; i++)
	{
		Value		kind = json_is_array(kinds.node) ? json_value(record->json, json_array_get(kinds.node, i)) : kinds;
		NamedLog	other;

		name_by_kind(&other, &kind);
		if (log->named && log->tables != other.tables)
			note_contradiction(log, "signInEventTypes", &other.name);
		else
			*log = other;
	}
}

/*
 * The tables of sign-ins of users, and with those of programs.
 */
static unsigned
signin_tables(bool with_programs)
{
	static const char *const names[] = {
		"SigninLogs", "AADNonInteractiveUserSignInLogs", "AADServicePrincipalSignInLogs", "AADManagedIdentitySignInLogs"
	};
	unsigned	tables = 0;

	for (int i = 0; i < (with_programs ? 4 : 2); i++)
		tables |= log_table_by_name(names[i], strlen(names[i]))->bit;
	return tables;
}

/*
 * Name the log of a sign-in that Microsoft Graph lists; where that says too little,
 * it may be any of them.
 */
static void
name_signin(NamedLog *log, const Record *record)
{
	NamedLog	by_flag = {0};
	Value		flag;

	name_by_kinds(log, record);
	if (record_field(record, "isInteractive", &flag) && (flag.kind == VALUE_BOOLEAN || flag.kind == VALUE_STRING) &&
		flag.length > 0)
		name_log(&by_flag, ascii_lower(*flag.text) == 'f' ? "AADNonInteractiveUserSignInLogs" : "SigninLogs");
	if (log->named && by_flag.named && (log->tables & signin_tables(false)) != 0 && log->tables != by_flag.tables)
		note_contradiction(log, "isInteractive", &flag);
	if (!log->named)
		*log = by_flag;
	if (!log->named)
	{
		name_log(log, "SigninLogs");
		log->tables = signin_tables(true);
	}
}

/*
 * The log of which an API has listed a record.
 */
static bool
log_of_list(const Record *record, NamedLog *log)
{
	Value		value;

	if (record->shape != RECORD_LISTED)
		return false;
	if (record->logs != NULL)
	{
		name_log(log, record->logs[0]);
		for (size_t i = 1; record->logs[i] != NULL; i++)
			log->tables |= log_table_by_name(record->logs[i], strlen(record->logs[i]))->bit;
	}
	else if (record_field(record, "eventTimestamp", &value))
		name_log(log, "AzureActivity");
	else if (record_field(record, "activityDateTime", &value) && record_field(record, "activityDisplayName", &value))
		name_log(log, "AuditLogs");
	else if (record_field(record, "ipAddress", &value) && record_field(record, "status", &value) &&
			 (record_field(record, "clientAppUsed", &value) || record_field(record, "appDisplayName", &value)))
		name_signin(log, record);
	return log->named;
}

/*
 * The log of which a record says that it is.
 */
NamedLog
log_of_record(const Record *record)
{
	NamedLog	by_type = {0};
	NamedLog	by_category = {0};
	unsigned	audits;

	log_of_category(record, &by_category);
	if (!log_of_list(record, &by_type) && !log_of_type(record, &by_type))
		return by_category;
	/* that of AuditLogs is what the activity is about, and may be any */
	audits = log_table_by_name("AuditLogs", strlen("AuditLogs"))->bit;
	if (by_type.tables == 0 || by_type.tables == audits || by_category.tables == 0 || by_type.contradicts)
		return by_type;
	if ((by_type.tables & by_category.tables) == 0)
		note_contradiction(&by_type, "category", &by_category.name);
	else
		by_type.tables &= by_category.tables;
	return by_type;
}

/*
 * The id of a record's resource.
 */
static bool
resource_of_record(const Record *record, Value *id)
{
	/* most records are raw, and spell it so */
	if (record->shape == RECORD_RAW && text_member(record, "resourceId", id))
		return id->length > 0 && *id->text == '/';
	return (text_field(record, "_ResourceId", id) || text_field(record, "resourceId", id)) && *id->text == '/';
}

/*
 * The provider of a record's resource.
 */
bool
provider_of_record(const Record *record, Value *provider)
{
	Value		id;

	return resource_of_record(record, &id) && resource_part(&id, "providers", provider);
}

/*
 * Leave out the tables whose records have other resources: those of other
 * providers, whose services may have a category of the same name, and those of a
 * tenant or of a subscription.
 */
unsigned
leave_out_other_resources(unsigned tables, const Record *record)
{
	static const char tenants[] = "/tenants/";
	Value		id;
	Value		provider;
	bool		of_tenant;
	bool		has_provider;

	if (!resource_of_record(record, &id))
		return tables;
	of_tenant = id.length > strlen(tenants) && ascii_strncasecmp(id.text, tenants, strlen(tenants)) == 0;
	has_provider = resource_part(&id, "providers", &provider);
	for (int i = 0; i < LOG_TABLES; i++)
	{
		const LogTable *table = &log_tables[i];

		if ((tables & table->bit) != 0 &&
			(table->of_tenant != of_tenant ||
			 (has_provider && table->provider != NULL &&
			  (provider.length != strlen(table->provider) ||
			   !texts_match(provider.text, table->provider, provider.length)))))
			tables &= ~table->bit;
	}
	return tables;
}

/*
 * Can a record with this operation and category be of a table whose operations
 * are called like a/b/c?
 */
static bool
fits_paths(const LogTable *table, const Value *operation, const Value *category)
{
	const char *last;

	if (operation->kind != VALUE_STRING)
		return true;
	last = memrchr(operation->text, '/', operation->length);
	if (last == NULL || memchr(operation->text, ' ', operation->length) != NULL)
		return false;
	last++;
	return category->kind != VALUE_STRING || !is_verb_of(table, category->text, category->length) ||
		((size_t) (&operation->text[operation->length] - last) == category->length &&
		 ascii_strncasecmp(last, category->text, category->length) == 0);
}

/*
 * Is any of these a table whose operations are called like a/b/c?
 */
static bool
have_paths(unsigned tables)
{
	for (int i = 0; i < LOG_TABLES; i++)
	{
		if (log_tables[i].has_paths && (tables & log_tables[i].bit) != 0)
			return true;
	}
	return false;
}

/*
 * Leave out the tables whose operations are called otherwise than that of a raw
 * record.
 */
unsigned
leave_out_other_operations(unsigned tables, const Record *record)
{
	Value		operation = {0};
	Value		category = {0};
	unsigned	with_paths = 0;

	if (record->shape != RECORD_RAW || !have_paths(tables) || !text_field(record, "operationName", &operation))
		return tables;
	(void) text_field(record, "category", &category);
	for (int i = 0; i < LOG_TABLES; i++)
	{
		const LogTable *table = &log_tables[i];

		if (!table->has_paths || (tables & table->bit) == 0)
			continue;
		if (fits_paths(table, &operation, &category))
			with_paths |= table->bit;
		else
			tables &= ~table->bit;
	}
	return with_paths != 0 ? with_paths : tables;
}

/*
 * The tables of the service that a record is from, as far as it says.
 */
static unsigned
tables_of_record_service(const Record *record, bool *contradicts)
{
	static const char *const paths[] = {"properties.serviceType", "resourceType", "resourceId"};
	static const char *const names[] = {"ServiceType", "_ResourceId"};
	size_t		npaths = record->shape == RECORD_RAW ? sizeof(paths) / sizeof(paths[0]) : 0;
	size_t		nnames = sizeof(names) / sizeof(names[0]);
	unsigned	tables = 0;

	for (size_t i = 0; i < npaths + nnames; i++)
	{
		Value		hint;
		unsigned	found = 0;

		if (i == npaths && tables != 0 && npaths > 0)
			break;
		if (i < npaths ? text_member(record, paths[i], &hint) : text_field(record, names[i - npaths], &hint))
			found = tables_of_service(hint.text, hint.length);
		*contradicts = *contradicts || (found != 0 && tables != 0 && (found & tables) == 0);
		if (tables == 0)
			tables = found;
	}
	return tables;
}

/*
 * Of several tables that have a category in common, those of the service.
 */
unsigned
choose_by_service(unsigned tables, const Record *record, const char *path, bool *contradicts)
{
	unsigned	chosen = tables_of_record_service(record, contradicts);

	if (chosen == 0)
		chosen = tables_of_service(path, strlen(path));
	return (tables & chosen) != 0 ? tables & chosen : tables;
}

/*
 * The name of a record's column of this number, or NULL after the last.
 */
static const char *
column_name(const Record *record, size_t number, void **member)
{
	json_t	   *root;

	if (!record_is_object(record))
		return number < record->header->nnames ? record->header->names[number] : NULL;
	root = record->json->root;
	*member = number == 0 ? json_object_iter(root) : json_object_iter_next(root, *member);
	return *member != NULL ? json_object_iter_key(*member) : NULL;
}

/*
 * The tables that have a column.
 */
static unsigned
tables_with_column(const char *name, bool hunted)
{
	unsigned	tables = 0;

	for (int i = 0; i < LOG_TABLES; i++)
	{
		const ColumnDescription *column = describe_column(&log_tables[i], name);

		if (column != NULL && (!hunted || (column->flags & COLUMN_HUNTED) != 0))
			tables |= log_tables[i].bit;
	}
	return tables;
}

/*
 * Of several tables, those that have all columns of a record that is not raw; all
 * of them if none has.
 */
unsigned
choose_by_columns(unsigned tables, const Record *record)
{
	unsigned	chosen = tables;
	void	   *member = NULL;
	const char *name;

	if (!record_has_columns(record))
		return tables;
	for (size_t i = 0; (name = column_name(record, i, &member)) != NULL; i++)
	{
		unsigned	found = tables_with_column(name, false);

		if (found != 0)
			chosen &= found;
	}
	return chosen != 0 ? chosen : tables;
}

/*
 * A column of a record that hunts read in other tables, and that this table does
 * not have; or NULL.
 */
const char *
foreign_column(const LogTable *table, const Record *record)
{
	void	   *member = NULL;
	const char *name;

	if (!record_has_columns(record))
		return NULL;
	for (size_t i = 0; (name = column_name(record, i, &member)) != NULL; i++)
	{
		if (describe_column(table, name) == NULL && tables_with_column(name, true) != 0)
			return name;
	}
	return NULL;
}
