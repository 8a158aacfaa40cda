/*-------------------------------------------------------------------------
 *
 * regex_parse.c
 *	  The tree of a regular expression.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>

#include "fold.h"
#include "regex_internal.h"

/*
 * An error, the first of which counts.
 */
void
kql_regex_fail(RegexCompiler *c, const char *error)
{
	if (c->error == NULL)
		c->error = error;
	c->at = c->end;
}

/*
 * A node.
 */
static RegexNode *
new_node(RegexCompiler *c, RegexNodeKind kind)
{
	RegexNode  *node = c->allocate(c->context, sizeof(RegexNode));

	node->kind = kind;
	return node;
}

/*
 * The next byte, or zero at the end.
 */
static int
peek(const RegexCompiler *c)
{
	return c->at < c->end ? (unsigned char) *c->at : 0;
}

/*
 * Pass over that text.
 */
static bool
accept(RegexCompiler *c, const char *text)
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
next_character(RegexCompiler *c)
{
	uint32_t	first = (unsigned char) *c->at++;
	int			more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
	uint32_t	result = more == 0 ? first : first & (0x3F >> more);

	while (more-- > 0 && c->at < c->end)
		result = result << 6 | ((unsigned char) *c->at++ & 0x3F);
	return result;
}

/*
 * A class without characters.
 */
static RegexClass *
new_class(RegexCompiler *c)
{
	RegexClass *class = c->allocate(c->context, sizeof(RegexClass));

	class->folds = c->folds;
	return class;
}

/*
 * A node for one character.
 */
static RegexNode *
character_node(RegexCompiler *c, uint32_t code_point)
{
	RegexNode  *node = new_node(c, NODE_CLASS);

	node->class = new_class(c);
	kql_regex_add_range(c, node->class, code_point, code_point);
	return node;
}

/*
 * \d, \w, \s and their opposites: adds them to the class.
 */
static bool
add_perl_class(RegexCompiler *c, RegexClass *class, int letter)
{
	switch (letter)
	{
		case 'd':
			kql_regex_add_range(c, class, '0', '9');
			return true;
		case 'D':
			kql_regex_add_range(c, class, 0, '0' - 1);
			kql_regex_add_range(c, class, '9' + 1, 0x10FFFF);
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
hexadecimal(RegexCompiler *c)
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
		kql_regex_fail(c, "invalid hexadecimal escape");
	return result;
}

/*
 * The character that an escape stands for; the backslash is passed.
 */
static uint32_t
escaped_character(RegexCompiler *c)
{
	static const char from[] = "afnrtv";
	static const char to[] = "\a\f\n\r\t\v";
	int			letter = peek(c);
	const char *found = letter != 0 ? strchr(from, letter) : NULL;

	if (letter == 0)
	{
		kql_regex_fail(c, "trailing backslash");
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
		kql_regex_fail(c, "backreferences are not supported");
	else if (letter == 'p' || letter == 'P')
		kql_regex_fail(c, "Unicode classes such as \\p{L} are not supported");
	else if (letter == '0' || isalpha(letter))
		kql_regex_fail(c, "invalid escape sequence");
	else
		return next_character(c);
	return 0;
}

/*
 * A class of POSIX, such as [:alpha:]; false if there is none here.
 */
static bool
posix_class(RegexCompiler *c, RegexClass *class)
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
			kql_regex_add_range(c, class, (unsigned char) p[0], (unsigned char) p[1]);
		return true;
	}
	return false;
}

/*
 * A character in brackets, or a class of which there is no range.
 */
static bool
bracket_character(RegexCompiler *c, RegexClass *class, uint32_t *result)
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
static RegexNode *
parse_brackets(RegexCompiler *c)
{
	RegexNode  *node = new_node(c, NODE_CLASS);
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
				kql_regex_fail(c, "invalid range in brackets");
				return node;
			}
			if (last < first)
				kql_regex_fail(c, "invalid range in brackets");
		}
		kql_regex_add_range(c, class, first, last);
	}
	if (!accept(c, "]"))
		kql_regex_fail(c, "missing ]");
	return node;
}

/*
 * Flags such as i or -s, up to a colon or a parenthesis.
 */
static void
parse_flags(RegexCompiler *c)
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
			kql_regex_fail(c, "unknown flag, or look-around, which is not supported");
	}
}

/*
 * (...), of which the parenthesis is passed
 */
static RegexNode *
parse_group(RegexCompiler *c)
{
	RegexNode  *node = new_node(c, NODE_GROUP);
	RegexCompiler saved = *c;

	if (accept(c, "?P<") || (c->end - c->at > 2 && c->at[0] == '?' && c->at[1] == '<' &&
							 c->at[2] != '=' && c->at[2] != '!' && accept(c, "?<")))
	{
		while (c->at < c->end && *c->at != '>')
			c->at++;
		if (!accept(c, ">"))
			kql_regex_fail(c, "missing > in the name of a group");
	}
	else if (accept(c, "?"))
	{
		parse_flags(c);
		if (accept(c, ")"))
			return new_node(c, NODE_EMPTY); /* the flags are for what follows */
		if (!accept(c, ":"))
			kql_regex_fail(c, "missing )");
		node->number = -1;
	}
	if (node->number == 0)
	{
		node->number = ++c->groups;
		if (c->groups > MOST_GROUPS)
			kql_regex_fail(c, "too many groups");
	}
	if (++c->depth > DEEPEST_GROUP)
		kql_regex_fail(c, "groups are nested too deeply");
	node->left = kql_regex_parse(c);
	c->depth--;
	if (!accept(c, ")"))
		kql_regex_fail(c, "missing )");
	c->folds = saved.folds;
	c->dot_is_all = saved.dot_is_all;
	c->lines = saved.lines;
	c->swaps = saved.swaps;
	return node;
}

/*
 * An assertion.
 */
static RegexNode *
assertion(RegexCompiler *c, RegexAssert what)
{
	RegexNode  *node = new_node(c, NODE_ASSERT);

	node->number = what;
	return node;
}

/*
 * What a backslash begins; it is passed.
 */
static RegexNode *
parse_escape(RegexCompiler *c)
{
	RegexNode  *node;

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
		RegexNode  *all = new_node(c, NODE_EMPTY);

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
static RegexNode *
parse_atom(RegexCompiler *c)
{
	RegexNode  *node;

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
			kql_regex_add_range(c, node->class, '\n', '\n');
		return node;
	}
	if (peek(c) == '*' || peek(c) == '+' || peek(c) == '?')
		kql_regex_fail(c, "nothing to repeat");
	return c->at < c->end ? character_node(c, next_character(c)) : new_node(c, NODE_EMPTY);
}

/*
 * Digits, at most MOST_REPEATS; -1 if there are none.
 */
static int
parse_count(RegexCompiler *c)
{
	int			result = -1;

	while (isdigit(peek(c)))
	{
		result = (result < 0 ? 0 : result) * 10 + (peek(c) - '0');
		c->at++;
		if (result > MOST_REPEATS)
		{
			kql_regex_fail(c, "too many repetitions");
			return -1;
		}
	}
	return result;
}

/*
 * A quantifier: false if there is none, as { may stand for itself.
 */
static bool
parse_quantifier(RegexCompiler *c, int *least, int *most)
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
		kql_regex_fail(c, "repetitions from more to less");
	return true;
}

/*
 * An atom with its quantifiers.
 */
static RegexNode *
parse_repeat(RegexCompiler *c)
{
	RegexNode  *atom = parse_atom(c);
	int			least;
	int			most;

	while (parse_quantifier(c, &least, &most))
	{
		RegexNode  *node = new_node(c, NODE_REPEAT);

		node->least = least;
		node->most = most;
		node->is_lazy = accept(c, "?") != c->swaps;
		node->left = atom;
		atom = node;
		if (++c->depth > DEEPEST_GROUP)
			kql_regex_fail(c, "repetitions are nested too deeply");
	}
	c->depth = 0 < c->depth ? c->depth : 0;
	return atom;
}

/*
 * Atoms, one behind the other.
 */
static RegexNode *
parse_sequence(RegexCompiler *c)
{
	RegexNode  *all = new_node(c, NODE_EMPTY);

	while (c->at < c->end && peek(c) != '|' && peek(c) != ')')
	{
		RegexNode  *node = new_node(c, NODE_SEQUENCE);
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
RegexNode *
kql_regex_parse(RegexCompiler *c)
{
	RegexNode  *left = parse_sequence(c);

	while (accept(c, "|"))
	{
		RegexNode  *node = new_node(c, NODE_CHOICE);

		node->left = left;
		node->right = parse_sequence(c);
		left = node;
	}
	return left;
}
