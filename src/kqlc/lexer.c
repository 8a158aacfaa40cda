/*-------------------------------------------------------------------------
 *
 * lexer.c
 *	  The tokens of a KQL query.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <string.h>

#include "lexer.h"
#include "../kql/fold.h"
#include "../kql/kql.h"

typedef struct Lexer
{
	Arena	   *arena;
	Errors	   *errors;
	const char *query;
	int			length;
	int			at;
	Token	   *tokens;
	int			count;
	int			room;
} Lexer;

/* Symbols, longer ones before those that they begin with */
static const char *const symbols[] = {
	"<|", "..", "==", "=~", "=>", "!=", "!~", "<>", "<=", ">=", "(", ")", "[",
	"]", "{", "}", ",", ";", ":", "|", "=", "<", ">", "+", "-", "*", "/", "%",
	".", "!", "@", "?", "~", NULL
};

/* The units of timespan literals */
static const char *const units[] = {
	"microseconds", "milliseconds", "nanoseconds", "microsecond",
	"millisecond", "nanosecond", "minutes", "seconds", "minute", "second",
	"hours", "micros", "millis", "ticks", "hour", "days", "micro", "milli",
	"nanos", "tick", "nano", "mins", "secs", "min", "sec", "day", "hrs", "hr",
	"ms", "d", "h", "m", "s", NULL
};

/*
 * The byte so far from here, or zero after the end.
 */
static int
peek(const Lexer *lexer, int distance)
{
	int			at = lexer->at + distance;

	return at < lexer->length ? (unsigned char) lexer->query[at] : 0;
}

/*
 * The character so far from here, with length zero after the end.
 */
static KqlCharacter
character_at(const Lexer *lexer, int distance)
{
	int			at = lexer->at + distance;
	KqlCharacter nothing = {0, 0};

	return at < lexer->length ?
		kql_character(lexer->query + at, lexer->query + lexer->length, KQL_UTF8) : nothing;
}

/*
 * The length of the character so far from here if it can be in a name, or zero.
 */
static int
name_length(const Lexer *lexer, int distance)
{
	KqlCharacter c = character_at(lexer, distance);
	bool		is_in_name = c.code_point == '_' || kql_is_alphanumeric(c.code_point);

	return is_in_name ? c.length : 0;
}

/*
 * The length of the character that is here if it is white space or a byte order
 * mark, or zero.
 */
static int
space_length(const Lexer *lexer)
{
	KqlCharacter c = character_at(lexer, 0);

	return kql_is_space(c.code_point) || c.code_point == 0xFEFF ? c.length : 0;
}

/*
 * Add a token that ends here.
 */
static void
add_token(Lexer *lexer, TokenKind kind, int start, const char *text,
		  size_t length)
{
	Token	   *token;

	if (lexer->count == lexer->room)
	{
		int			room = lexer->room > 0 ? 2 * lexer->room : 256;
		Token	   *tokens = arena_alloc(lexer->arena, (size_t) room * sizeof(Token));

		if (lexer->count > 0)
			memcpy(tokens, lexer->tokens, (size_t) lexer->count * sizeof(Token));
		lexer->tokens = tokens;
		lexer->room = room;
	}
	token = &lexer->tokens[lexer->count++];
	token->kind = kind;
	token->start = start;
	token->end = lexer->at;
	token->text = text;
	token->length = length;
}

/*
 * Pass over white space and comments.
 */
static void
skip_space(Lexer *lexer)
{
	for (;;)
	{
		int			length = space_length(lexer);

		if (length > 0)
			lexer->at += length;
		else if (peek(lexer, 0) == '/' && peek(lexer, 1) == '/')
		{
			while (lexer->at < lexer->length && peek(lexer, 0) != '\n')
				lexer->at++;
		}
		else
			return;
	}
}

/*
 * The value of up to so many digits of this base, of which it passes.
 */
static unsigned
read_digits(Lexer *lexer, int base, int most)
{
	unsigned	value = 0;

	for (int i = 0; i < most; i++)
	{
		int			c = peek(lexer, 0);
		int			digit;

		if (!isxdigit(c))
			break;
		digit = isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
		if (digit >= base)
			break;
		value = value * (unsigned) base + (unsigned) digit;
		lexer->at++;
	}
	return value;
}

/*
 * Append a code point to a string literal.
 */
static char *
put_code_point(Lexer *lexer, int start, unsigned code_point, char *out)
{
	if (code_point == 0 || code_point > 0x10FFFF ||
		(code_point >= 0xD800 && code_point <= 0xDFFF))
	{
		add_error(lexer->errors, start,
				  "a string cannot contain character U+%04X", code_point);
		return out;
	}
	return out + kql_encode_utf8(code_point, out);
}

/*
 * An escape sequence of a string; we are behind the backslash.
 */
static char *
lex_escape(Lexer *lexer, char *out)
{
	static const char from[] = "abfnrtv";
	static const char to[] = "\a\b\f\n\r\t\v";
	int			start = lexer->at - 1;
	int			c = peek(lexer, 0);
	const char *found = c != 0 ? strchr(from, c) : NULL;

	if (c >= '0' && c <= '7')
		return put_code_point(lexer, start, read_digits(lexer, 8, 3), out);
	if (lexer->at < lexer->length)
		lexer->at++;
	if (found != NULL)
		*out++ = to[found - from];
	else if (c == '\\' || c == '"' || c == '\'')
		*out++ = (char) c;
	else if (c == 'x')
		out = put_code_point(lexer, start, read_digits(lexer, 16, 2), out);
	else if (c == 'u')
	{
		unsigned	high = read_digits(lexer, 16, 4);

		if (high >= 0xD800 && high <= 0xDBFF && peek(lexer, 0) == '\\' &&
			peek(lexer, 1) == 'u')
		{
			unsigned	low;

			lexer->at += 2;
			low = read_digits(lexer, 16, 4);
			if (low >= 0xDC00 && low <= 0xDFFF)
				high = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
		}
		out = put_code_point(lexer, start, high, out);
	}
	else if (c == 'U')
		out = put_code_point(lexer, start, read_digits(lexer, 16, 8), out);
	else
	{
		add_error(lexer->errors, start,
				  "invalid escape sequence in string: \\%c",
				  isprint(c) ? c : '?')->hint =
			"Write \\\\ for a backslash, or @\"...\" for a string without escapes.";
		if (c != 0)
			*out++ = (char) c;
	}
	return out;
}

/*
 * A string in quotes; a verbatim one has no escapes but a doubled quote.
 */
static void
lex_string(Lexer *lexer, int start, bool verbatim)
{
	int			quote = peek(lexer, 0);
	char	   *text;
	char	   *out;
	int			end;

	for (end = lexer->at + 1; end < lexer->length; end++)
	{
		if (lexer->query[end] == quote || lexer->query[end] == '\n')
		{
			if (verbatim && lexer->query[end] == quote &&
				end + 1 < lexer->length && lexer->query[end + 1] == quote)
				end++;
			else if (lexer->query[end] == quote || !verbatim)
				break;
		}
		else if (!verbatim && lexer->query[end] == '\\')
			end++;
	}
	if (end > lexer->length)
		end = lexer->length;
	/* no escape is shorter than what it stands for */
	text = out = arena_alloc(lexer->arena, (size_t) (end - lexer->at) + 8);

	lexer->at++;
	while (lexer->at < end)
	{
		int			c = peek(lexer, 0);

		lexer->at++;
		if (c == '\\' && !verbatim)
			out = lex_escape(lexer, out);
		else
		{
			*out++ = (char) c;
			if (verbatim && c == quote)
				lexer->at++;
		}
	}
	if (peek(lexer, 0) == quote && lexer->at < lexer->length)
		lexer->at++;
	else
		add_error(lexer->errors, start, "unterminated string");
	add_token(lexer, TOKEN_STRING, start, text, (size_t) (out - text));
}

/*
 * A string between three backquotes or tildes, whose bytes are what they are.
 */
static void
lex_multi_line(Lexer *lexer, int start, const char *fence)
{
	int			from = lexer->at + 3;
	int			to = from;

	while (to + 3 <= lexer->length && memcmp(lexer->query + to, fence, 3) != 0)
		to++;
	if (to + 3 > lexer->length)
	{
		add_error(lexer->errors, start, "unterminated string");
		lexer->at = lexer->length;
		to = lexer->length;
		if (from > to)
			from = to;
	}
	else
		lexer->at = to + 3;
	add_token(lexer, TOKEN_STRING, start,
			  arena_strndup(lexer->arena, lexer->query + from, (size_t) (to - from)),
			  (size_t) (to - from));
}

/*
 * The length of the unit that is here, or zero.
 */
static int
unit_length(const Lexer *lexer)
{
	for (int i = 0; units[i] != NULL; i++)
	{
		int			length = (int) strlen(units[i]);

		if (lexer->length - lexer->at >= length &&
			memcmp(lexer->query + lexer->at, units[i], (size_t) length) == 0 &&
			name_length(lexer, length) == 0)
			return length;
	}
	return 0;
}

/*
 * A number, or a timespan if a unit follows.
 */
static void
lex_number(Lexer *lexer)
{
	int			start = lexer->at;
	int			unit;

	if (peek(lexer, 0) == '0' && tolower(peek(lexer, 1)) == 'x' &&
		isxdigit(peek(lexer, 2)))
	{
		lexer->at += 2;
		while (isxdigit(peek(lexer, 0)))
			lexer->at++;
	}
	else
	{
		while (isdigit(peek(lexer, 0)))
			lexer->at++;
		if (peek(lexer, 0) == '.' && isdigit(peek(lexer, 1)))
		{
			lexer->at++;
			while (isdigit(peek(lexer, 0)))
				lexer->at++;
		}
		else if (peek(lexer, 0) == '.' && peek(lexer, 1) != '.' &&
				 name_length(lexer, 1) == 0)
			lexer->at++;
		if (tolower(peek(lexer, 0)) == 'e' &&
			(isdigit(peek(lexer, 1)) ||
			 ((peek(lexer, 1) == '-' || peek(lexer, 1) == '+') &&
			  isdigit(peek(lexer, 2)))))
		{
			lexer->at += 2;
			while (isdigit(peek(lexer, 0)))
				lexer->at++;
		}
	}
	unit = unit_length(lexer);
	lexer->at += unit;
	add_token(lexer, unit > 0 ? TOKEN_TIMESPAN : TOKEN_NUMBER, start,
			  lexer->query + start, (size_t) (lexer->at - start));
}

/*
 * A letter that is here cannot be in a name without quotes.
 */
static void
add_letter_error(Lexer *lexer)
{
	add_error(lexer->errors, lexer->at, "unexpected character U+%04X",
			  (unsigned) character_at(lexer, 0).code_point)->hint =
		"A name with other than English letters, digits and underscores is written ['name'].";
}

/*
 * A name, which may begin with $ or be a string's prefix.
 */
static void
lex_name(Lexer *lexer)
{
	int			start = lexer->at;
	bool		is_refused = false;

	if (tolower(peek(lexer, 0)) == 'h')
	{
		int			next = peek(lexer, 1) == '@' ? 2 : 1;

		if (peek(lexer, next) == '"' || peek(lexer, next) == '\'')
		{
			lexer->at += next;
			lex_string(lexer, start, next == 2);
			return;
		}
	}
	if (peek(lexer, 0) == '$')
		lexer->at++;
	for (int length; (length = name_length(lexer, 0)) > 0;)
	{
		if (length > 1 && !is_refused)
		{
			is_refused = true;
			add_letter_error(lexer);
		}
		lexer->at += length;
	}
	add_token(lexer, TOKEN_NAME, start,
			  arena_strndup(lexer->arena, lexer->query + start,
							(size_t) (lexer->at - start)),
			  (size_t) (lexer->at - start));
}

/*
 * A symbol, or an error.
 */
static void
lex_symbol(Lexer *lexer)
{
	int			start = lexer->at;
	KqlCharacter c = character_at(lexer, 0);

	for (int i = 0; symbols[i] != NULL; i++)
	{
		int			length = (int) strlen(symbols[i]);

		if (lexer->length - lexer->at >= length &&
			memcmp(lexer->query + lexer->at, symbols[i], (size_t) length) == 0)
		{
			lexer->at += length;
			add_token(lexer, TOKEN_SYMBOL, start, symbols[i], (size_t) length);
			return;
		}
	}
	lexer->at += c.length;
	if (c.code_point >= 0x20 && c.code_point < 0x7F)
		add_error(lexer->errors, start, "unexpected character \"%c\"", (int) c.code_point);
	else
		add_error(lexer->errors, start, "unexpected character U+%04X", (unsigned) c.code_point);
}

/*
 * The next token.
 */
static void
lex_token(Lexer *lexer)
{
	int			c = peek(lexer, 0);
	int			start = lexer->at;

	if (isdigit(c) || (c == '.' && isdigit(peek(lexer, 1)) &&
					   (lexer->count == 0 ||
						lexer->tokens[lexer->count - 1].end != lexer->at)))
		lex_number(lexer);
	else if (c == '"' || c == '\'')
		lex_string(lexer, start, false);
	else if (c == '@' && (peek(lexer, 1) == '"' || peek(lexer, 1) == '\''))
	{
		lexer->at++;
		lex_string(lexer, start, true);
	}
	else if (lexer->length - lexer->at >= 3 &&
			 (memcmp(lexer->query + lexer->at, "```", 3) == 0 ||
			  memcmp(lexer->query + lexer->at, "~~~", 3) == 0))
		lex_multi_line(lexer, start, c == '`' ? "```" : "~~~");
	else if (name_length(lexer, 0) > 0 || (c == '$' && name_length(lexer, 1) > 0))
		lex_name(lexer);
	else
		lex_symbol(lexer);
}

/*
 * Where the query is not UTF-8, or -1.
 */
int
find_broken_character(const char *query, size_t length)
{
	const char *end = query + length;

	for (const char *at = query; at < end;)
	{
		KqlCharacter c = kql_character(at, end, KQL_UTF8);
		char		encoded[4];

		if ((unsigned char) *at >= 0x80 &&
			(c.code_point > 0x10FFFF || (c.code_point >= 0xD800 && c.code_point <= 0xDFFF) ||
			 kql_encode_utf8(c.code_point, encoded) != c.length ||
			 memcmp(encoded, at, (size_t) c.length) != 0))
			return (int) (at - query);
		at += c.length;
	}
	return -1;
}

/*
 * The tokens of a query, the last of them TOKEN_END.
 */
Token *
lex(Arena *arena, Errors *errors, const char *query, size_t length)
{
	Lexer		lexer = {0};

	lexer.arena = arena;
	lexer.errors = errors;
	lexer.query = query;
	lexer.length = (int) length;
	for (;;)
	{
		skip_space(&lexer);
		if (lexer.at >= lexer.length)
			break;
		lex_token(&lexer);
	}
	add_token(&lexer, TOKEN_END, lexer.at, "", 0);
	return lexer.tokens;
}
