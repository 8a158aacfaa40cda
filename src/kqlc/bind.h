/*-------------------------------------------------------------------------
 *
 * bind.h
 *	  Giving names and types to a query, and making SQL of it.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef KQLC_BIND_H
#define KQLC_BIND_H

#include "ast.h"
#include "sql.h"

/* The hidden column that ingestion_time() is */
#define INGESTION_TIME	"ingestion_time"

/* Ticks that a microsecond has */
#define TICKS_PER_MICROSECOND	10

/*
 * A scalar.
 *
 * "sql" is the bare form: a string may be NULL there for the empty string, and
 * a dynamic the null of JSON for NULL.  value_of() makes the form that has
 * neither, which is what may be seen.
 */
typedef struct Expr
{
	KqlType		type;
	Sql		   *sql;
	bool		is_nullable;	/* the bare form may be NULL */
	bool		has_json_null;	/* the bare form may be the null of JSON */
	bool		is_simple;		/* a column or a literal: repeating it is free */
	bool		is_constant;	/* no column is in it */
	bool		has_aggregate;
	const Node *literal;		/* or NULL */
	Sql		   *as_text;		/* tostring() of it in a form that indexes
								 * serve */
	Sql		   *base;			/* a time: a column, this far from it */
	int64_t		distance;		/* in microseconds */
	const struct Expr *key;		/* it is this column, which tells rows apart */
	const char *row_column;		/* in the pipe of mv-apply: it is the column
								 * of the row that has this name */
} Expr;

/* A column of a table */
typedef struct Column
{
	const char *name;
	Expr	   *expr;			/* in terms of what the table selects from */
	bool		is_hidden;		/* carries an order, or a window's result */
} Column;

/* A sort key */
typedef struct SortKey
{
	Expr	   *expr;
	bool		is_descending;
	bool		nulls_first;
} SortKey;

/* A table: a SELECT that is still open */
typedef struct Table
{
	Vector		columns;		/* Column */
	Sql		   *from;
	Vector		where;			/* Sql */
	Vector		order;			/* SortKey */
	Vector		keys;			/* Expr: no two rows agree in all of these */
	Vector		time_bounds;	/* TimeBound: of the conditions in "where" */
	bool		is_serialized;	/* functions may look at other rows */
	bool		has_row_number; /* the order is that of a row number */
	int			group_count;
	bool		is_grouped;
	bool		is_distinct;
	bool		is_closed;		/* what follows needs a SELECT of its own */
	Vector		distinct_on;	/* Sql */
	Sql		   *limit;
	bool		is_unknown;		/* columns are not known after an error */
	const char *name;			/* for errors */
	const char *as_name;		/* what the operator before, as, called it */
} Table;

/* What a name that let defines stands for */
typedef struct Binding
{
	const char *name;
	struct Binding *outer;		/* those defined before */
	Expr	   *scalar;			/* or NULL */
	const Node *node;			/* a table or a function, evaluated where it
								 * is used */
	struct Binding *scope;		/* what that sees */
	struct Table *table;		/* a table that is there already */
	CommonTable *common;		/* a table that is materialized */
	Vector		common_columns; /* Column */
	Vector		common_keys;	/* Expr */
	bool		is_serialized;	/* that table is */
	bool		is_function;
	bool		is_broken;
} Binding;

/* A column of each side of a join that have to be equal */
typedef struct JoinKey
{
	Column	   *left;
	Column	   *right;
} JoinKey;

/* What a compilation knows */
typedef struct Compiler
{
	Arena	   *arena;
	Errors	   *errors;
	const KqlSchema *schema;
	const KqlOptions *options;
	Vector		parameters;		/* names that the query declares */
	Vector		sources;		/* KqlSourceTable: what it reads */
	Binding    *scope;
	Vector		common_tables;
	int			alias_count;
	int			call_depth;
	int			work;			/* nodes bound, and columns looked at, so far */
	int			place;			/* of the operator that is applied */
	bool		too_large;
	Table	   *aggregated;		/* aggregates are allowed, over this */
	Vector		windows;		/* Window: calls that are columns by now */
} Compiler;

/* Columns that an expression can read */
typedef struct Scope
{
	Table	   *table;			/* or NULL */
	Table	   *left;			/* $left and $right of a join */
	Table	   *right;
} Scope;

/* rel.c */
extern Table *table_new(Compiler *c);
extern Column *find_hidden(const Table *table, const char *name);
extern Column *find_column(const Table *table, const char *name);
extern Column *first_column(const Table *table);
extern Column *add_column(Compiler *c, Table *table, const char *name, Expr *expr);
extern void set_column(Compiler *c, Table *table, const char *name, Expr *expr);
extern const char *free_name(Compiler *c, const Table *table, const char *name);
extern Select *table_select(Compiler *c, Table *table, bool values);
extern void close_table(Compiler *c, Table *table);
extern void close_if_needed(Compiler *c, Table *table);
extern void close_for(Compiler *c, Table *table, const Node *node);
extern void close_for_all(Compiler *c, Table *table, const Vector *nodes);
extern const char *new_alias(Compiler *c, const char *prefix);
extern void order_rows(Compiler *c, Table *table);
extern Sql *order_by(Compiler *c, const Table *table);
extern Expr *column_expr(Compiler *c, OutColumn *column, const Expr *of);
extern void check_name(Compiler *c, int place, const char *name);

/* expr.c */
extern Expr *fail(Compiler *c, const Node *node, const char *format,...) KQL_PRINTF(3, 4);
extern Expr *expr_new(Compiler *c, KqlType type, Sql *sql, bool nullable);
extern Expr *expr_format(Compiler *c, KqlType type, bool nullable, const char *format,...) KQL_PRINTF(4, 5);
extern Expr *made_of(Expr *result, const Expr *one, const Expr *other);
extern Expr *read_column(Compiler *c, const Node *node, const Table *table, const Column *column);
extern Expr *literal_expr(Compiler *c, const Node *node);
extern Expr *long_expr(Compiler *c, int64_t value);
extern Expr *string_expr(Compiler *c, const char *text);
extern Expr *null_expr(Compiler *c, KqlType type);
extern Sql *value_of(Compiler *c, const Expr *expr);
extern Sql *interval_sql(Compiler *c, int64_t microseconds);
extern Expr *failed_expr(Compiler *c);
extern bool is_failed(const Expr *expr);
extern Expr *bind(Compiler *c, const Scope *scope, const Node *node);
extern Expr *bind_constant(Compiler *c, const Node *node);
extern bool long_constant(const Expr *expr, int64_t *value);
extern bool known_number(Compiler *c, const Node *node, const Expr *expr, int64_t least,
						 const char *what, int64_t *value);
extern Sql *known_count_sql(Compiler *c, const Node *node, const char *what);
extern bool string_constant(const Expr *expr, const char **text);
extern bool is_number(KqlType type);
extern bool is_integer(KqlType type);
extern KqlType common_type(KqlType a, KqlType b);
extern bool count_work(Compiler *c, int place, int amount);
extern bool count_names(Compiler *c, int place, int count);
extern bool count_columns(Compiler *c, int place, const Table *table);
extern bool descend(Compiler *c, const Node *node);

/* binders.c */
extern Sql *json_of_pieces(Compiler *c, const char *function, const Vector *pieces);

/* convert.c */
extern Expr *convert(Compiler *c, const Node *node, Expr *expr, KqlType type);
extern Expr *to_condition(Compiler *c, const Node *node, Expr *expr);
extern Expr *to_string(Compiler *c, Expr *expr);
extern Expr *to_dynamic(Compiler *c, Expr *expr);
extern Expr *coerce(Compiler *c, const Node *node, Expr *expr, KqlType type);

/* compare.c */
typedef enum Mode
{
	MODE_VALUE,					/* true, false or NULL, as a value */
	MODE_TRUE,					/* is it true? NULL is as good as false */
	MODE_FALSE					/* is it false? */
} Mode;

extern Sql *compare(Compiler *c, const Node *node, const char *operator,
					Expr *left, Expr *right, Mode mode);
extern Expr *text_beside_string(Compiler *c, Expr *expr, const Expr *other);
extern Expr *bind_binary(Compiler *c, const Scope *scope, const Node *node);
extern Expr *bind_in(Compiler *c, const Scope *scope, const Node *node, Mode mode);
extern Expr *bind_between(Compiler *c, const Scope *scope, const Node *node, Mode mode);
extern Sql *filter(Compiler *c, const Scope *scope, const Node *node, Mode mode);
extern Sql *time_base(const Expr *expr);
extern Sql *window_condition(Compiler *c, const Expr *event, const Expr *low, const Expr *high);
extern const char *string_operator_template(const char *name);
extern Sql *star_condition(Compiler *c, const Scope *scope, const Node *node);

/* arithmetic.c */
extern Expr *arithmetic(Compiler *c, const Node *node, const char *operator,
						Expr *left, Expr *right);
extern Expr *negate(Compiler *c, const Node *node, Expr *operand);

/* call.c */
extern Expr *bind_call(Compiler *c, const Scope *scope, const Node *node);

/* dynamic.c */
extern Expr *bind_member(Compiler *c, const Scope *scope, const Node *node);
extern Expr *bind_index(Compiler *c, const Scope *scope, const Node *node);

/* names.c */
extern const char *default_name(Compiler *c, const Node *node);
extern const char *aggregate_name(Compiler *c, const Node *node);
extern Binding *find_binding(const Compiler *c, const char *name);
extern Binding *add_binding(Compiler *c, const char *name);
extern void add_let_names(const Compiler *c, Vector *names);
extern void suggest_name(Compiler *c, KqlError *error, const char *name, const Vector *candidates);
extern void unknown_column(Compiler *c, const Node *node, const Table *table);
extern bool matches_pattern(const char *pattern, const char *name);

/* named_tables.c */
extern Table *unknown_table(Compiler *c);
extern Table *source_table(Compiler *c, const KqlSourceTable *source);
extern void materialize(Compiler *c, Binding *binding, Table *table);
extern Table *bind_table_name(Compiler *c, const char *name, Table *table, bool is_shared);
extern Table *named_table(Compiler *c, const Node *node);

/* query.c */
extern Table *bind_table(Compiler *c, const Node *node);
extern bool is_tabular(Compiler *c, const Node *node);
extern Table *apply_operators(Compiler *c, Table *table, const Vector *operators, int from);
extern Table *call_table_function(Compiler *c, const Node *call, Binding *function, Table *piped);
extern Expr *call_function(Compiler *c, const Scope *scope, const Node *call, Binding *function);
extern Expr *bind_toscalar(Compiler *c, const Node *node);
extern const char *parameter_of(const Node *node, const char *name);

/* join.c */
extern Table *join_networks(Compiler *c, const Node *node, Table *left, Table *right,
							Vector *pairs, bool keeps_unmatched);

/* parameters.c */
extern void bind_query_parameters(Compiler *c, const Node *node);
extern void check_query_parameters(Compiler *c);

/* keys.c */
extern void set_key(Compiler *c, Table *table, Expr *expr);
extern void join_keys(Compiler *c, Table *result, Table *left, Table *right, const Vector *pairs);
extern void union_keys(Compiler *c, Table *result, const Vector *tables);
extern void multiply_rows(Compiler *c, Table *table, const Vector *names);
extern void describe_keys(Compiler *c, const Table *table, KqlResult *result);

/* aggregate.c */
extern Expr *bind_aggregate(Compiler *c, const Scope *scope, const Node *node);
extern bool is_aggregate_name(const char *name);
extern Table *op_summarize(Compiler *c, Table *table, const Node *node);
extern Table *op_make_series(Compiler *c, Table *table, const Node *node);

/* time_bounds.c */
extern bool note_time_bound(Compiler *c, Table *table, const Node *node);
extern void add_time_bounds(Compiler *c, Table *table);

/* windows.c */
extern bool is_window_name(const char *name);
extern void prepare_windows(Compiler *c, Table *table, const Vector *nodes);
extern Expr *find_window(const Compiler *c, const Node *node);

/* the operators */
typedef Table *(*OperatorFunction) (Compiler *c, Table *table, const Node *node);
extern Table *op_where(Compiler *c, Table *table, const Node *node);
extern Table *op_extend(Compiler *c, Table *table, const Node *node);
extern Table *op_project(Compiler *c, Table *table, const Node *node);
extern Table *op_project_away(Compiler *c, Table *table, const Node *node);
extern Table *op_project_keep(Compiler *c, Table *table, const Node *node);
extern Table *op_project_rename(Compiler *c, Table *table, const Node *node);
extern Table *op_project_reorder(Compiler *c, Table *table, const Node *node);
extern Table *op_count(Compiler *c, Table *table, const Node *node);
extern Table *op_distinct(Compiler *c, Table *table, const Node *node);
extern Table *op_take(Compiler *c, Table *table, const Node *node);
extern Table *op_sort(Compiler *c, Table *table, const Node *node);
extern Table *op_top(Compiler *c, Table *table, const Node *node);
extern Table *op_join(Compiler *c, Table *table, const Node *node);
extern Table *op_lookup(Compiler *c, Table *table, const Node *node);
extern Table *op_union(Compiler *c, Table *table, const Node *node);
extern Table *op_serialize(Compiler *c, Table *table, const Node *node);
extern Table *op_as(Compiler *c, Table *table, const Node *node);
extern Table *op_invoke(Compiler *c, Table *table, const Node *node);
extern Table *op_evaluate(Compiler *c, Table *table, const Node *node);
extern Table *op_search(Compiler *c, Table *table, const Node *node);
extern Table *op_mv_expand(Compiler *c, Table *table, const Node *node);
extern Table *op_mv_apply(Compiler *c, Table *table, const Node *node);
extern Table *op_parse(Compiler *c, Table *table, const Node *node);
extern Table *op_getschema(Compiler *c, Table *table, const Node *node);
extern Table *op_print(Compiler *c, Table *table, const Node *node);
extern Table *op_range(Compiler *c, Table *table, const Node *node);
extern Table *op_datatable(Compiler *c, Table *table, const Node *node);
extern Table *op_externaldata(Compiler *c, Table *table, const Node *node);
extern const Node *unnamed(const Node *node);

#endif							/* KQLC_BIND_H */
