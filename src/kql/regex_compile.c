/*-------------------------------------------------------------------------
 *
 * regex_compile.c
 *	  Regular expressions, compiled to a program.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>

#include "fold.h"
#include "regex_internal.h"

typedef enum NodeKind
{
	NODE_EMPTY,
	NODE_CLASS,
	NODE_ASSERT,
	NODE_GROUP,
	NODE_SEQUENCE,				/* left, then right */
	NODE_CHOICE,				/* left, or else right */
	NODE_REPEAT
} NodeKind;

typedef struct Node
{
	NodeKind	kind;
	int			number;			/* of a group, or an assertion */
	int			least;
	int			most;			/* -1 for any number */
	bool		is_lazy;
	RegexClass *class;
	struct Node *left;
	struct Node *right;
} Node;

typedef struct Compiler
{
	KqlAllocate allocate;
	void	   *context;
	const char *at;
	const char *end;
	const char *error;
	bool		folds;			/* (?i) */
	bool		dot_is_all;		/* (?s) */
	bool		lines;			/* (?m) */
	bool		swaps;			/* (?U): lazy is the rule */
	int			depth;
	int			groups;
	KqlRegex   *regex;
} Compiler;

static Node *parse_choice(Compiler *c);

/*
 * An error, the first of which counts.
 */
static void
fail(Compiler *c, const char *error)
{
	if (c->error == NULL)
		c->error = error;
	c->at = c->end;
}

/*
 * A node.
 */
static Node *
new_node(Compiler *c, NodeKind kind)
{
	Node	   *node = c->allocate(c->context, sizeof(Node));

	node->kind = kind;
	return node;
}

/*
 * The next byte, or zero at the end.
 */
static int
peek(const Compiler *c)
{
	return c->at < c->end ? (unsigned char) *c->at : 0;
}

/*
 * Pass over that text.
 */
static bool
accept(Compiler *c, const char *text)
{
	size_t		length = strlen(text);

	if ((size_t) (c->end - c->at) < length || memcmp(c->at, text, length) != 0)
		return false;
	c->at += length;
	return true;
}

/*
 * The next character.
 */
static uint32_t
next_character(Compiler *c)
{
	uint32_t	first = (unsigned char) *c->at++;
	int			more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
	uint32_t	result = more == 0 ? first : first & (0x3F >> more);

	while (more-- > 0 && c->at < c->end)
		result = result << 6 | ((unsigned char) *c->at++ & 0x3F);
	return result;
}

/*
 * Add code points to a class.
 */
static void
add_range(Compiler *c, RegexClass *class, uint32_t first, uint32_t last)
{
	if (class->count == class->room)
	{
		int			room = class->room > 0 ? 2 * class->room : 4;
		RegexRange *ranges = c->allocate(c->context, (size_t) room * sizeof(RegexRange));

		if (class->count > 0)
			memcpy(ranges, class->ranges, (size_t) class->count * sizeof(RegexRange));
		class->ranges = ranges;
		class->room = room;
	}
	class->ranges[class->count].first = first;
	class->ranges[class->count++].last = last;
}

/*
 * A class without characters.
 */
static RegexClass *
new_class(Compiler *c)
{
	RegexClass *class = c->allocate(c->context, sizeof(RegexClass));

	class->folds = c->folds;
	return class;
}

/*
 * A node for one character.
 */
static Node *
character_node(Compiler *c, uint32_t code_point)
{
	Node	   *node = new_node(c, NODE_CLASS);

	node->class = new_class(c);
	add_range(c, node->class, code_point, code_point);
	return node;
}

/*
 * \d, \w, \s and their opposites: adds them to the class.
 */
static bool
add_perl_class(Compiler *c, RegexClass *class, int letter)
{
	switch (letter)
	{
		case 'd':
			add_range(c, class, '0', '9');
			return true;
		case 'D':
			add_range(c, class, 0, '0' - 1);
			add_range(c, class, '9' + 1, 0x10FFFF);
			return true;
		case 'w':
			class->sets |= RE_WORD;
			return true;
		case 'W':
			class->sets |= RE_NOT_WORD;
			return true;
		case 's':
			class->sets |= RE_SPACE;
			return true;
		case 'S':
			class->sets |= RE_NOT_SPACE;
			return true;
		default:
			return false;
	}
}

/*
 * The code of \x41 or \x{41}; x is passed.
 */
static uint32_t
hexadecimal(Compiler *c)
{
	uint32_t	result = 0;
	bool		braces = accept(c, "{");
	int			count = 0;

	while (isxdigit(peek(c)) && count < (braces ? 8 : 2))
	{
		int			digit = tolower(peek(c));

		result = result * 16 + (uint32_t) (isdigit(digit) ? digit - '0' : digit - 'a' + 10);
		c->at++;
		count++;
	}
	if (count == 0 || (braces && !accept(c, "}")) || result > 0x10FFFF)
		fail(c, "invalid hexadecimal escape");
	return result;
}

/*
 * The character that an escape stands for; the backslash is passed.
 */
static uint32_t
escaped_character(Compiler *c)
{
	static const char from[] = "afnrtv";
	static const char to[] = "\a\f\n\r\t\v";
	int			letter = peek(c);
	const char *found = letter != 0 ? strchr(from, letter) : NULL;

	if (letter == 0)
	{
		fail(c, "trailing backslash");
		return 0;
	}
	if (found != NULL)
	{
		c->at++;
		return (unsigned char) to[found - from];
	}
	if (letter == 'x')
	{
		c->at++;
		return hexadecimal(c);
	}
	if (letter >= '1' && letter <= '9')
		fail(c, "backreferences are not supported");
	else if (letter == 'p' || letter == 'P')
		fail(c, "Unicode classes such as \\p{L} are not supported");
	else if (letter == '0' || isalpha(letter))
		fail(c, "invalid escape sequence");
	else
		return next_character(c);
	return 0;
}

/*
 * A class of POSIX, such as [:alpha:]; false if there is none here.
 */
static bool
posix_class(Compiler *c, RegexClass *class)
{
	static const struct
	{
		const char *name;
		const char *ranges;		/* pairs */
	}			classes[] = {
		{"[:alpha:]", "azAZ"}, {"[:digit:]", "09"}, {"[:alnum:]", "azAZ09"}, {"[:upper:]", "AZ"},
		{"[:lower:]", "az"}, {"[:space:]", "\t\r  "}, {"[:punct:]", "!/:@[`{~"}, {"[:xdigit:]", "09afAF"},
		{"[:word:]", "azAZ09__"}, {"[:blank:]", "\t\t  "}, {NULL, NULL}
	};

	for (int i = 0; classes[i].name != NULL; i++)
	{
		if (!accept(c, classes[i].name))
			continue;
		for (const char *p = classes[i].ranges; *p != '\0'; p += 2)
			add_range(c, class, (unsigned char) p[0], (unsigned char) p[1]);
		return true;
	}
	return false;
}

/*
 * A character in brackets, or a class of which there is no range.
 */
static bool
bracket_character(Compiler *c, RegexClass *class, uint32_t *result)
{
	if (peek(c) != '\\')
	{
		*result = next_character(c);
		return true;
	}
	c->at++;
	if (add_perl_class(c, class, peek(c)))
	{
		c->at++;
		return false;
	}
	if (accept(c, "b"))
		*result = '\b';
	else
		*result = escaped_character(c);
	return true;
}

/*
 * [...], of which the bracket is passed
 */
static Node *
parse_brackets(Compiler *c)
{
	Node	   *node = new_node(c, NODE_CLASS);
	RegexClass *class = node->class = new_class(c);
	bool		is_first = true;

	class->is_negated = accept(c, "^");
	while (c->at < c->end && (is_first || peek(c) != ']'))
	{
		uint32_t	first;
		uint32_t	last;

		is_first = false;
		if (posix_class(c, class) || !bracket_character(c, class, &first))
			continue;
		last = first;
		if (peek(c) == '-' && c->at + 1 < c->end && c->at[1] != ']')
		{
			c->at++;
			if (!bracket_character(c, class, &last))
			{
				fail(c, "invalid range in brackets");
				return node;
			}
			if (last < first)
				fail(c, "invalid range in brackets");
		}
		add_range(c, class, first, last);
	}
	if (!accept(c, "]"))
		fail(c, "missing ]");
	return node;
}

/*
 * Flags such as i or -s, up to a colon or a parenthesis.
 */
static void
parse_flags(Compiler *c)
{
	bool		value = true;

	for (; c->at < c->end && *c->at != ':' && *c->at != ')'; c->at++)
	{
		if (*c->at == '-')
			value = false;
		else if (*c->at == 'i')
			c->folds = value;
		else if (*c->at == 's')
			c->dot_is_all = value;
		else if (*c->at == 'm')
			c->lines = value;
		else if (*c->at == 'U')
			c->swaps = value;
		else
			fail(c, "unknown flag, or look-around, which is not supported");
	}
}

/*
 * (...), of which the parenthesis is passed
 */
static Node *
parse_group(Compiler *c)
{
	Node	   *node = new_node(c, NODE_GROUP);
	Compiler	saved = *c;

	if (accept(c, "?P<") || (c->end - c->at > 2 && c->at[0] == '?' && c->at[1] == '<' &&
							 c->at[2] != '=' && c->at[2] != '!' && accept(c, "?<")))
	{
		while (c->at < c->end && *c->at != '>')
			c->at++;
		if (!accept(c, ">"))
			fail(c, "missing > in the name of a group");
	}
	else if (accept(c, "?"))
	{
		parse_flags(c);
		if (accept(c, ")"))
			return new_node(c, NODE_EMPTY); /* the flags are for what follows */
		if (!accept(c, ":"))
			fail(c, "missing )");
		node->number = -1;
	}
	if (node->number == 0)
	{
		node->number = ++c->groups;
		if (c->groups > MOST_GROUPS)
			fail(c, "too many groups");
	}
	if (++c->depth > DEEPEST_GROUP)
		fail(c, "groups are nested too deeply");
	node->left = parse_choice(c);
	c->depth--;
	if (!accept(c, ")"))
		fail(c, "missing )");
	c->folds = saved.folds;
	c->dot_is_all = saved.dot_is_all;
	c->lines = saved.lines;
	c->swaps = saved.swaps;
	return node;
}

/*
 * An assertion.
 */
static Node *
assertion(Compiler *c, RegexAssert what)
{
	Node	   *node = new_node(c, NODE_ASSERT);

	node->number = what;
	return node;
}

/*
 * What a backslash begins; it is passed.
 */
static Node *
parse_escape(Compiler *c)
{
	Node	   *node;

	if (accept(c, "b"))
		return assertion(c, RE_WORD_BORDER);
	if (accept(c, "B"))
		return assertion(c, RE_NO_WORD_BORDER);
	if (accept(c, "A"))
		return assertion(c, RE_TEXT_START);
	if (accept(c, "z"))
		return assertion(c, RE_TEXT_END);
	if (accept(c, "Q"))
	{
		Node	   *all = new_node(c, NODE_EMPTY);

		while (c->at < c->end && !accept(c, "\\E"))
		{
			node = new_node(c, NODE_SEQUENCE);
			node->left = all;
			node->right = character_node(c, next_character(c));
			all = node;
		}
		node = new_node(c, NODE_GROUP);
		node->number = -1;
		node->left = all;
		return node;
	}
	node = new_node(c, NODE_CLASS);
	node->class = new_class(c);
	if (add_perl_class(c, node->class, peek(c)))
	{
		c->at++;
		return node;
	}
	return character_node(c, escaped_character(c));
}

/*
 * What a quantifier applies to.
 */
static Node *
parse_atom(Compiler *c)
{
	Node	   *node;

	if (accept(c, "("))
		return parse_group(c);
	if (accept(c, "["))
		return parse_brackets(c);
	if (accept(c, "\\"))
		return parse_escape(c);
	if (accept(c, "^"))
		return assertion(c, c->lines ? RE_LINE_START : RE_TEXT_START);
	if (accept(c, "$"))
		return assertion(c, c->lines ? RE_LINE_END : RE_TEXT_END);
	if (accept(c, "."))
	{
		node = new_node(c, NODE_CLASS);
		node->class = new_class(c);
		node->class->is_negated = true;
		if (!c->dot_is_all)
			add_range(c, node->class, '\n', '\n');
		return node;
	}
	if (peek(c) == '*' || peek(c) == '+' || peek(c) == '?')
		fail(c, "nothing to repeat");
	return c->at < c->end ? character_node(c, next_character(c)) : new_node(c, NODE_EMPTY);
}

/*
 * Digits, at most MOST_REPEATS; -1 if there are none.
 */
static int
parse_count(Compiler *c)
{
	int			result = -1;

	while (isdigit(peek(c)))
	{
		result = (result < 0 ? 0 : result) * 10 + (peek(c) - '0');
		c->at++;
		if (result > MOST_REPEATS)
		{
			fail(c, "too many repetitions");
			return -1;
		}
	}
	return result;
}

/*
 * A quantifier: false if there is none, as { may stand for itself.
 */
static bool
parse_quantifier(Compiler *c, int *least, int *most)
{
	const char *start = c->at;

	*least = 0;
	*most = -1;
	if (accept(c, "*"))
		return true;
	if (accept(c, "+"))
	{
		*least = 1;
		return true;
	}
	if (accept(c, "?"))
	{
		*most = 1;
		return true;
	}
	if (!accept(c, "{"))
		return false;
	*least = *most = parse_count(c);
	if (*least >= 0 && accept(c, ","))
		*most = parse_count(c);
	if (*least < 0 || !accept(c, "}"))
	{
		c->at = c->error != NULL ? c->end : start;
		return false;
	}
	if (*most >= 0 && *most < *least)
		fail(c, "repetitions from more to less");
	return true;
}

/*
 * An atom with its quantifiers.
 */
static Node *
parse_repeat(Compiler *c)
{
	Node	   *atom = parse_atom(c);
	int			least;
	int			most;

	while (parse_quantifier(c, &least, &most))
	{
		Node	   *node = new_node(c, NODE_REPEAT);

		node->least = least;
		node->most = most;
		node->is_lazy = accept(c, "?") != c->swaps;
		node->left = atom;
		atom = node;
		if (++c->depth > DEEPEST_GROUP)
			fail(c, "repetitions are nested too deeply");
	}
	c->depth = 0 < c->depth ? c->depth : 0;
	return atom;
}

/*
 * Atoms, one behind the other.
 */
static Node *
parse_sequence(Compiler *c)
{
	Node	   *all = new_node(c, NODE_EMPTY);

	while (c->at < c->end && peek(c) != '|' && peek(c) != ')')
	{
		Node	   *node = new_node(c, NODE_SEQUENCE);
		int			depth = c->depth;

		node->left = all;
		node->right = peek(c) == '{' ? character_node(c, next_character(c)) : parse_repeat(c);
		c->depth = depth;
		all = node;
	}
	return all;
}

/*
 * Alternatives; a chain of them leans to the left.
 */
static Node *
parse_choice(Compiler *c)
{
	Node	   *left = parse_sequence(c);

	while (accept(c, "|"))
	{
		Node	   *node = new_node(c, NODE_CHOICE);

		node->left = left;
		node->right = parse_sequence(c);
		left = node;
	}
	return left;
}

/*
 * Add an instruction, and tell its number.
 */
static int
emit(Compiler *c, RegexOp op, int x, int y)
{
	RegexInstruction *instruction;

	if (c->regex->length >= MOST_INSTRUCTIONS)
	{
		fail(c, "regular expression is too large");
		return 0;
	}
	instruction = &c->regex->program[c->regex->length];
	instruction->op = op;
	instruction->x = x;
	instruction->y = y;
	return c->regex->length++;
}

static void emit_node(Compiler *c, const Node *node);

/*
 * A repetition: as often as it has to be, then as often as it may be.
 */
static void
emit_repeat(Compiler *c, const Node *node)
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
		Node		rest = *node;

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
static Node **
parts_of_chain(Compiler *c, const Node *node, int *count)
{
	const Node *part;
	Node	  **parts;
	int			at = 0;

	for (part = node; part->kind == node->kind; part = part->left)
		at++;
	*count = at + 1;
	parts = c->allocate(c->context, (size_t) *count * sizeof(Node *));
	for (part = node; part->kind == node->kind; part = part->left)
		parts[at--] = part->right;
	parts[0] = (Node *) part;
	return parts;
}

/*
 * The instructions of a choice.
 */
static void
emit_choice(Compiler *c, const Node *node)
{
	RegexInstruction *program = c->regex->program;
	int			count;
	Node	  **parts = parts_of_chain(c, node, &count);
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
emit_node(Compiler *c, const Node *node)
{
	Node	  **parts;
	int			count;
	int			at;

	if (c->error != NULL)
		return;
	switch (node->kind)
	{
		case NODE_EMPTY:
			break;
		case NODE_CLASS:
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
	Compiler	c = {0};
	Node	   *node;
	RegexInstruction *program;

	c.allocate = allocate;
	c.context = context;
	c.at = pattern.data;
	c.end = pattern.data + pattern.length;
	c.regex = allocate(context, sizeof(KqlRegex));
	if (pattern.length > MOST_INSTRUCTIONS)
		fail(&c, "regular expression is too large");
	node = parse_choice(&c);
	if (c.at < c.end && c.error == NULL)
		fail(&c, "unmatched )");
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
