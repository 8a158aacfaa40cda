/*-------------------------------------------------------------------------
 *
 * server.c
 *	  The KQL compiler inside the server: tables come from the catalogs,
 *	  memory from the current context, errors go to ereport().
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/scansup.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "kqlc/kqlc.h"
#include "kqlc/log_tables.h"

PG_FUNCTION_INFO_V1(azhunt_kql_to_sql);
PG_FUNCTION_INFO_V1(azhunt_kql_columns);
PG_FUNCTION_INFO_V1(azhunt_compile_hunt);

/*
 * Memory for the compiler.
 */
static void *
allocate(void *context, size_t size)
{
	(void) context;
	CHECK_FOR_INTERRUPTS();
	return MemoryContextAllocHuge(CurrentMemoryContext, size);
}

/*
 * Kusto's type for one of PostgreSQL's, and what a column of that type has to
 * be cast to first.  KQL_NONE if there is none.
 */
static KqlType
kusto_type(Oid type, const char **cast)
{
	*cast = NULL;
	switch (getBaseType(type))
	{
		case BOOLOID:
			return KQL_BOOL;
		case INT2OID:
			*cast = "integer";
			return KQL_INT;
		case INT4OID:
			return KQL_INT;
		case INT8OID:
			return KQL_LONG;
		case FLOAT4OID:
			*cast = "double precision";
			return KQL_REAL;
		case FLOAT8OID:
			return KQL_REAL;
		case NUMERICOID:
			return KQL_DECIMAL;
		case VARCHAROID:
		case BPCHAROID:
		case NAMEOID:
			*cast = "pg_catalog.text";
			return KQL_STRING;
		case TEXTOID:
			return KQL_STRING;
		case UUIDOID:
			return KQL_GUID;
		case TIMESTAMPTZOID:
			return KQL_DATETIME;
		case INTERVALOID:
			return KQL_TIMESPAN;
		case JSONOID:
			*cast = "pg_catalog.jsonb";
			return KQL_DYNAMIC;
		case JSONBOID:
			return KQL_DYNAMIC;
		default:
			return KQL_NONE;
	}
}

/*
 * The name in UTF-8, which the compiler has.
 */
static char *
to_utf8(const char *name)
{
	return pg_server_to_any(name, strlen(name), PG_UTF8);
}

/*
 * A name of the compiler's, in the database's encoding.
 */
static char *
from_utf8(const char *name)
{
	return pg_any_to_server(name, strlen(name), PG_UTF8);
}

/*
 * The name that KQL has for a column, or NULL if a log table has it from us.
 */
static const char *
kql_column_name(const KqlSourceTable *log_table, const char *name)
{
	for (int i = 0; log_table != NULL && i < log_table->column_count; i++)
	{
		if (strcmp(log_table->columns[i].sql_name, name) == 0)
			return log_table->columns[i].name;
	}
	return log_table == NULL ? to_utf8(name) : NULL;
}

/*
 * Describe a relation to the compiler.
 */
static const KqlSourceTable *
describe_relation(Oid relation_id, const char *name, const KqlSourceTable *log_table)
{
	KqlSourceTable *table = palloc0(sizeof(KqlSourceTable));
	Relation	relation = relation_open(relation_id, AccessShareLock);
	TupleDesc	tupdesc = RelationGetDescr(relation);
	KqlSourceColumn *columns = palloc0((tupdesc->natts + 1) * sizeof(KqlSourceColumn));

	table->name = pstrdup(name);
	table->sql_name = to_utf8(quote_qualified_identifier(get_namespace_name(RelationGetNamespace(relation)),
														 RelationGetRelationName(relation)));
	table->columns = columns;
	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(tupdesc, i);
		KqlSourceColumn *column = &columns[table->column_count];

		if (attribute->attisdropped)
			continue;
		if (log_table != NULL && attribute->atttypid == TIMESTAMPTZOID &&
			strcmp(NameStr(attribute->attname), log_table->ingestion_time) == 0)
			table->ingestion_time = log_table->ingestion_time;
		column->name = kql_column_name(log_table, NameStr(attribute->attname));
		if (column->name == NULL)
			continue;
		column->type = kusto_type(attribute->atttypid, &column->cast);
		column->sql_name = to_utf8(quote_identifier(NameStr(attribute->attname)));
		column->not_null = attribute->attnotnull;
		table->column_count++;
	}
	relation_close(relation, AccessShareLock);
	return table;
}

/*
 * Can this relation be read by a query?
 */
static bool
is_readable(Oid relation)
{
	switch (get_rel_relkind(relation))
	{
		case RELKIND_RELATION:
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
		case RELKIND_FOREIGN_TABLE:
		case RELKIND_PARTITIONED_TABLE:
			return true;
		default:
			return false;
	}
}

/*
 * The relation of that name in the search_path: as it is written, or in small
 * letters.
 */
static Oid
find_user_relation(const char *name)
{
	Oid			relation;

	if (strlen(name) >= NAMEDATALEN)
		return InvalidOid;
	relation = RelnameGetRelid(name);
	if (!OidIsValid(relation))
		relation = RelnameGetRelid(downcase_identifier(name, strlen(name), false, false));
	return relation;
}

/*
 * The table that a query calls by this name, or NULL.
 */
static const KqlSourceTable *
find_table(void *context, const char *name)
{
	const KqlSourceTable *log_table = kql_find_log_table(name);
	Oid			relation = InvalidOid;

	(void) context;
	if (log_table != NULL)
	{
		Oid			schema = get_namespace_oid("azhunt", true);

		relation = get_relname_relid(strchr(log_table->sql_name, '.') + 1, schema);
	}
	if (!OidIsValid(relation))
		relation = find_user_relation(from_utf8(name));
	if (!OidIsValid(relation) || !is_readable(relation))
		return NULL;
	return describe_relation(relation, name, log_table);
}

/*
 * The name of a log table that is there.
 */
static const char *
table_name(void *context, int number)
{
	Oid			schema = get_namespace_oid("azhunt", true);

	(void) context;
	for (const KqlSourceTable *table = kql_log_tables; table->name != NULL; table++)
	{
		if (OidIsValid(get_relname_relid(strchr(table->sql_name, '.') + 1, schema)) && number-- == 0)
			return table->name;
	}
	return NULL;
}

/*
 * The table that an address of externaldata is mapped to, or NULL.
 */
static const KqlSourceTable *
find_external(void *context, const char *address)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1];
	Oid			relation = InvalidOid;

	(void) context;
	values[0] = CStringGetTextDatum(from_utf8(address));
	SPI_connect();
	if (SPI_execute_with_args("SELECT e.relation FROM azhunt.external_data AS e WHERE e.address OPERATOR(pg_catalog.=) $1",
							  1, types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read azhunt.external_data");
	if (SPI_processed > 0)
	{
		bool		is_null;
		Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);

		relation = is_null ? InvalidOid : DatumGetObjectId(value);
	}
	SPI_finish();
	if (!OidIsValid(relation) || !is_readable(relation))
		return NULL;
	return describe_relation(relation, get_rel_name(relation), NULL);
}

/*
 * Raise the errors of a query: the first as the message, at its position, all
 * of them in the detail.
 */
static void
raise_errors(const char *query, const KqlError *errors)
{
	StringInfoData detail;
	const char *first_hint = NULL;
	int			count = 0;

	initStringInfo(&detail);
	for (const KqlError *error = errors; error != NULL; error = error->next)
	{
		appendStringInfo(&detail, "%sLine %d, column %d: %s.", count++ > 0 ? "\n" : "",
						 error->line, error->column, from_utf8(error->message));
		if (error->hint != NULL)
			appendStringInfo(&detail, " %s", from_utf8(error->hint));
		if (first_hint == NULL)
			first_hint = error->hint;
	}
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("KQL query has an error at line %d, column %d: %s", errors->line, errors->column,
					from_utf8(errors->message)),
			 count > 1 ? errdetail("%s", detail.data) : 0,
			 first_hint != NULL ? errhint("%s", from_utf8(first_hint)) : 0,
			 internalerrposition(pg_mbstrlen_with_len(query, errors->offset) + 1),
			 internalerrquery(query)));
}

/*
 * The members of a bag as values of query parameters.
 */
static void
read_parameters(Jsonb *bag, KqlOptions *options)
{
	KqlParameter *parameters;
	JsonbIterator *iterator;
	JsonbValue	value;
	JsonbIteratorToken token;

	if (!JB_ROOT_IS_OBJECT(bag))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameters must be a JSON object, such as {\"name\": \"value\"}")));
	parameters = palloc0((JB_ROOT_COUNT(bag) + 1) * sizeof(KqlParameter));
	iterator = JsonbIteratorInit(&bag->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		KqlParameter *parameter = &parameters[options->parameter_count];
		char	   *given = NULL;

		if (token == WJB_KEY)
			parameter->name = to_utf8(pnstrdup(value.val.string.val, value.val.string.len));
		if (token != WJB_VALUE)
			continue;
		if (value.type == jbvString)
			given = pnstrdup(value.val.string.val, value.val.string.len);
		else if (value.type != jbvNull)
		{
			Jsonb	   *json = JsonbValueToJsonb(&value);

			given = JsonbToCString(NULL, &json->root, VARSIZE(json));
		}
		parameter->value = given == NULL ? NULL : to_utf8(given);

		options->parameter_count++;
	}
	options->parameters = parameters;
}

/*
 * Compile a query, or raise its errors.
 */
static void
compile(text *query_text, const KqlOptions *options, KqlResult *result)
{
	KqlSchema	schema = {NULL, find_table, table_name, find_external};
	KqlAllocator allocator = {NULL, allocate};
	char	   *query = to_utf8(text_to_cstring(query_text));

	kql_compile(query, strlen(query), &schema, options, &allocator, result);
	if (result->errors != NULL)
		raise_errors(from_utf8(query), result->errors);
}

/*
 * kql_to_sql(query, parameters): the query as SQL
 */
Datum
azhunt_kql_to_sql(PG_FUNCTION_ARGS)
{
	KqlOptions	options = {0};
	KqlResult	result;

	read_parameters(PG_GETARG_JSONB_P(1), &options);
	compile(PG_GETARG_TEXT_PP(0), &options, &result);
	PG_RETURN_TEXT_P(cstring_to_text(from_utf8(result.sql)));
}

/*
 * kql_columns(query): the columns of its result
 */
Datum
azhunt_kql_columns(PG_FUNCTION_ARGS)
{
	KqlOptions	options = {.lacks_values = true};
	KqlResult	result;
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	compile(PG_GETARG_TEXT_PP(0), &options, &result);
	for (int i = 0; i < result.column_count; i++)
	{
		Datum		values[2];
		bool		nulls[2] = {false, false};

		values[0] = CStringGetTextDatum(from_utf8(result.columns[i].name));
		values[1] = CStringGetTextDatum(kql_type_name(result.columns[i].type));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * An array of names.
 */
static Datum
name_array(List *names)
{
	ArrayBuildState *array = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	ListCell   *cell;

	foreach(cell, names)
		array = accumArrayResult(array, CStringGetTextDatum(from_utf8(lfirst(cell))), false, TEXTOID, CurrentMemoryContext);
	return makeArrayResult(array, CurrentMemoryContext);
}

/*
 * compile_hunt(query, since, until): the query over a period that SQL bounds,
 * its columns with their types in PostgreSQL, those that tell its rows apart, and
 * the log tables that it reads
 */
Datum
azhunt_compile_hunt(PG_FUNCTION_ARGS)
{
	KqlOptions	options = {.since = to_utf8(text_to_cstring(PG_GETARG_TEXT_PP(1))),
	.until = to_utf8(text_to_cstring(PG_GETARG_TEXT_PP(2)))};
	KqlResult	result;
	TupleDesc	tupdesc;
	Datum		values[5];
	bool		nulls[5] = {false};
	List	   *names = NIL;
	List	   *types = NIL;
	List	   *keys = NIL;
	List	   *tables = NIL;

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	compile(PG_GETARG_TEXT_PP(0), &options, &result);
	for (int i = 0; i < result.column_count; i++)
	{
		names = lappend(names, unconstify(char *, result.columns[i].name));
		types = lappend(types, unconstify(char *, kql_sql_type(result.columns[i].type)));
	}
	for (int i = 0; i < result.key_count; i++)
		keys = lappend(keys, unconstify(char *, result.keys[i]));
	for (int i = 0; i < result.table_count; i++)
	{
		const KqlSourceTable *log_table = kql_find_log_table(result.tables[i]->name);

		if (log_table != NULL &&
			strcmp(result.tables[i]->sql_name, quote_qualified_identifier("azhunt", strchr(log_table->sql_name, '.') + 1)) == 0)
			tables = lappend(tables, pstrdup(strchr(log_table->sql_name, '.') + 1));
	}
	values[0] = CStringGetTextDatum(from_utf8(result.sql));
	values[1] = name_array(names);
	values[2] = name_array(types);
	values[3] = name_array(keys);
	values[4] = name_array(tables);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}
