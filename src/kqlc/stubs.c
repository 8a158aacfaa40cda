#include "bind.h"
Table *op_parse(Compiler *c, Table *table, const Node *node)
{
	add_error(c->errors, node->start, "the operator %s is not supported", node->text);
	table->is_unknown = true;
	return table;
}
Table *op_make_series(Compiler *c, Table *table, const Node *node)
{
	add_error(c->errors, node->start, "the operator %s is not supported", node->text);
	table->is_unknown = true;
	return table;
}
