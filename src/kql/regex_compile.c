/*-------------------------------------------------------------------------
 *
 * regex_compile.c
 *	  The program of a regular expression's tree.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "regex_internal.h"

/*
 * Add an instruction, and tell its number.
 */
static int
emit(RegexCompiler *c, RegexOp op, int x, int y)
{
	RegexInstruction *instruction;

	if (c->regex->length >= MOST_INSTRUCTIONS)
	{
		kql_regex_fail(c, "regular expression is too large");
		return 0;
	}
	instruction = &c->regex->program[c->regex->length];
	instruction->op = op;
	instruction->x = x;
	instruction->y = y;
	return c->regex->length++;
}

static void emit_node(RegexCompiler *c, const RegexNode *node);

/*
 * A repetition: as often as it has to be, then as often as it may be.
 */
static void
emit_repeat(RegexCompiler *c, const RegexNode *node)
{
	RegexInstruction *program = c->regex->program;
	int			split;

	for (int i = 0; i < node->least && c->error == NULL; i++)
		emit_node(c, node->left);
	if (node->most < 0)
	{
		split = emit(c, RE_SPLIT, 0, 0);
		emit_node(c, node->left);
		emit(c, RE_JUMP, split, 0);
		program[split].x = node->is_lazy ? c->regex->length : split + 1;
		program[split].y = node->is_lazy ? split + 1 : c->regex->length;
		return;
	}
	if (node->most > node->least)
	{
		RegexNode	rest = *node;

		/* one more, and then perhaps others */
		split = emit(c, RE_SPLIT, 0, 0);
		emit_node(c, node->left);
		rest.least = 0;
		rest.most = node->most - node->least - 1;
		if (rest.most > 0 && c->error == NULL)
			emit_repeat(c, &rest);
		program[split].x = node->is_lazy ? c->regex->length : split + 1;
		program[split].y = node->is_lazy ? split + 1 : c->regex->length;
	}
}

/*
 * The parts of a chain of sequences or choices, which leans to the left and may
 * be long.
 */
static RegexNode **
parts_of_chain(RegexCompiler *c, const RegexNode *node, int *count)
{
	const RegexNode *part;
	RegexNode **parts;
	int			at = 0;

	for (part = node; part->kind == node->kind; part = part->left)
		at++;
	*count = at + 1;
	parts = c->allocate(c->context, (size_t) *count * sizeof(RegexNode *));
	for (part = node; part->kind == node->kind; part = part->left)
		parts[at--] = part->right;
	parts[0] = (RegexNode *) part;
	return parts;
}

/*
 * The instructions of a choice.
 */
static void
emit_choice(RegexCompiler *c, const RegexNode *node)
{
	RegexInstruction *program = c->regex->program;
	int			count;
	RegexNode **parts = parts_of_chain(c, node, &count);
	int			jump = -1;

	for (int i = 0; i < count && c->error == NULL; i++)
	{
		bool		is_last = i == count - 1;
		int			split = is_last ? -1 : emit(c, RE_SPLIT, c->regex->length + 1, 0);

		emit_node(c, parts[i]);
		if (is_last || c->error != NULL)
			break;
		/* jumps to the end are a chain until that is known */
		jump = emit(c, RE_JUMP, jump, 0);
		program[split].y = c->regex->length;
	}
	while (jump >= 0 && c->error == NULL)
	{
		int			before = program[jump].x;

		program[jump].x = c->regex->length;
		jump = before;
	}
}

/*
 * The instructions of a node.
 */
static void
emit_node(RegexCompiler *c, const RegexNode *node)
{
	RegexNode **parts;
	int			count;
	int			at;

	if (c->error != NULL)
		return;
	switch (node->kind)
	{
		case NODE_EMPTY:
			break;
		case NODE_CLASS:
			kql_regex_close_class(c, node->class);
			at = emit(c, RE_CLASS, 0, 0);
			c->regex->program[at].class = node->class;
			break;
		case NODE_ASSERT:
			emit(c, RE_ASSERT, node->number, 0);
			break;
		case NODE_GROUP:
			if (node->number > 0)
				emit(c, RE_SAVE, 2 * node->number, 0);
			emit_node(c, node->left);
			if (node->number > 0)
				emit(c, RE_SAVE, 2 * node->number + 1, 0);
			break;
		case NODE_SEQUENCE:
			parts = parts_of_chain(c, node, &count);
			for (int i = 0; i < count; i++)
				emit_node(c, parts[i]);
			break;
		case NODE_CHOICE:
			emit_choice(c, node);
			break;
		case NODE_REPEAT:
			emit_repeat(c, node);
			break;
	}
}

/*
 * Compile a pattern; NULL, and an error, if that is not possible.
 */
KqlRegex *
kql_regex_compile(KqlString pattern, KqlAllocate allocate, void *context, const char **error)
{
	RegexCompiler c = {0};
	RegexNode  *node;
	RegexInstruction *program;

	c.allocate = allocate;
	c.context = context;
	c.at = pattern.data;
	c.end = pattern.data + pattern.length;
	c.regex = allocate(context, sizeof(KqlRegex));
	if (pattern.length > MOST_INSTRUCTIONS)
		kql_regex_fail(&c, "regular expression is too large");
	node = kql_regex_parse(&c);
	if (c.at < c.end && c.error == NULL)
		kql_regex_fail(&c, "unmatched )");
	c.regex->program = allocate(context, MOST_INSTRUCTIONS * sizeof(RegexInstruction));
	emit(&c, RE_SAVE, 0, 0);
	emit_node(&c, node);
	emit(&c, RE_SAVE, 1, 0);
	emit(&c, RE_MATCH, 0, 0);
	c.regex->groups = c.groups;
	*error = c.error;
	if (c.error != NULL)
		return NULL;
	/* keep no more than is needed */
	program = allocate(context, (size_t) c.regex->length * sizeof(RegexInstruction));
	memcpy(program, c.regex->program, (size_t) c.regex->length * sizeof(RegexInstruction));
	c.regex->program = program;
	return c.regex;
}
