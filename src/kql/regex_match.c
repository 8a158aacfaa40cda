/*-------------------------------------------------------------------------
 *
 * regex_match.c
 *	  Running the program of a regular expression over a text.
 *
 * All ways to match are followed side by side, in the order of preference, so
 * that no text takes long: the threads of Pike's and Thompson's algorithm.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "fold.h"
#include "regex_internal.h"

/* As many threads read a character between two calls of KqlInterrupt */
#define INTERRUPT_THREADS	64

/* Threads, at most one for each instruction, in the order of preference */
typedef struct Threads
{
	int		   *at;				/* instructions */
	int		   *place;			/* where an instruction would be in the list */
	ptrdiff_t  *captures;
	int			count;
} Threads;

typedef struct Scratch
{
	Threads		current;
	Threads		next;
	int		   *stack;
	ptrdiff_t  *stack_captures;
	ptrdiff_t  *captures;
	KqlInterrupt interrupt;
	int			threads;		/* since it was called */
} Scratch;

/*
 * Number of groups.
 */
int
kql_regex_groups(const KqlRegex *regex)
{
	return regex->groups;
}

/*
 * How many places of captures are there?
 */
static int
slots(const KqlRegex *regex)
{
	return 2 * (regex->groups + 1);
}

/*
 * Room for threads.
 */
static void
allocate_threads(const KqlRegex *regex, Threads *threads, KqlAllocate allocate, void *context)
{
	threads->at = allocate(context, (size_t) regex->length * sizeof(int));
	threads->place = allocate(context, (size_t) regex->length * sizeof(int));
	threads->captures = allocate(context, (size_t) regex->length * (size_t) slots(regex) * sizeof(ptrdiff_t));
}

/*
 * What a search needs, for as many searches as are made one after the other.
 */
void *
kql_regex_scratch(const KqlRegex *regex, KqlAllocate allocate, void *context, KqlInterrupt interrupt)
{
	Scratch    *scratch = allocate(context, sizeof(Scratch));

	allocate_threads(regex, &scratch->current, allocate, context);
	allocate_threads(regex, &scratch->next, allocate, context);
	scratch->stack = allocate(context, (size_t) (3 * regex->length + 8) * sizeof(int));
	scratch->stack_captures = allocate(context, (size_t) (regex->length + 8) * sizeof(ptrdiff_t));
	scratch->captures = allocate(context, (size_t) slots(regex) * sizeof(ptrdiff_t));
	scratch->interrupt = interrupt;
	return scratch;
}

/*
 * Is it a letter, a digit or an underscore?
 */
static bool
is_word(uint32_t code_point)
{
	return code_point == '_' || kql_is_alphanumeric(code_point);
}

/*
 * The character at a place, and its length.
 */
static uint32_t
character_at(KqlString s, size_t at, size_t *length)
{
	uint32_t	first = (unsigned char) s.data[at];
	size_t		more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
	uint32_t	result = more == 0 ? first : first & (0x3Fu >> more);

	*length = 1;
	while (*length <= more && at + *length < s.length)
		result = result << 6 | ((unsigned char) s.data[at + (*length)++] & 0x3Fu);
	return result;
}

/*
 * Is the character in a range of the class?
 */
static bool
in_ranges(const RegexClass *class, uint32_t code_point)
{
	int			low = 0;
	int			high = class->count;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (code_point < class->ranges[middle].first)
			high = middle;
		else if (code_point > class->ranges[middle].last)
			low = middle + 1;
		else
			return true;
	}
	return false;
}

/*
 * Is the character of the class?
 */
static bool
in_class(const RegexClass *class, uint32_t code_point)
{
	bool		result = in_ranges(class, code_point) ||
	(class->folds && in_ranges(class, kql_fold_code_point(code_point)));

	if (!result && class->sets != 0)
		result = ((class->sets & RE_WORD) && is_word(code_point)) ||
			((class->sets & RE_NOT_WORD) && !is_word(code_point)) ||
			((class->sets & RE_SPACE) && kql_is_space(code_point)) ||
			((class->sets & RE_NOT_SPACE) && !kql_is_space(code_point));
	return result != class->is_negated;
}

/*
 * Is there a letter or digit before, or at, that place?
 */
static bool
is_word_at(KqlString s, size_t at, bool before)
{
	size_t		length;

	if (before)
	{
		if (at == 0)
			return false;
		do
			at--;
		while (at > 0 && ((unsigned char) s.data[at] & 0xC0) == 0x80);
	}
	return at < s.length && is_word(character_at(s, at, &length));
}

/*
 * Is what an assertion says so here?
 */
static bool
holds(RegexAssert what, KqlString s, size_t at)
{
	switch (what)
	{
		case RE_TEXT_START:
			return at == 0;
		case RE_TEXT_END:
			return at == s.length;
		case RE_LINE_START:
			return at == 0 || s.data[at - 1] == '\n';
		case RE_LINE_END:
			return at == s.length || s.data[at] == '\n';
		default:
			return (is_word_at(s, at, true) != is_word_at(s, at, false)) == (what == RE_WORD_BORDER);
	}
}

/*
 * Add a thread, and those that it becomes without reading a character.
 *
 * The stack has instructions to go on at, and captures to set back: those have
 * a negative number.
 */
static void
add_thread(const KqlRegex *regex, Scratch *scratch, Threads *threads, int start,
		   KqlString s, size_t at, ptrdiff_t *captures)
{
	int		   *stack = scratch->stack;
	int			depth = 0;
	int			saved = 0;
	int			width = slots(regex);

	stack[depth++] = start;
	while (depth > 0)
	{
		int			pc = stack[--depth];
		const RegexInstruction *instruction;

		if (pc < 0)
		{
			captures[-pc - 1] = scratch->stack_captures[--saved];
			continue;
		}
		if (threads->place[pc] < threads->count && threads->at[threads->place[pc]] == pc)
			continue;
		threads->place[pc] = threads->count;
		threads->at[threads->count] = pc;
		instruction = &regex->program[pc];
		switch (instruction->op)
		{
			case RE_JUMP:
				stack[depth++] = instruction->x;
				break;
			case RE_SPLIT:
				stack[depth++] = instruction->y;
				stack[depth++] = instruction->x;
				break;
			case RE_SAVE:
				scratch->stack_captures[saved++] = captures[instruction->x];
				captures[instruction->x] = (ptrdiff_t) at;
				stack[depth++] = -instruction->x - 1;
				stack[depth++] = pc + 1;
				break;
			case RE_ASSERT:
				if (holds(instruction->x, s, at))
					stack[depth++] = pc + 1;
				break;
			default:
				memcpy(threads->captures + (size_t) threads->count * (size_t) width, captures,
					   (size_t) width * sizeof(ptrdiff_t));
				break;
		}
		threads->count++;
	}
}

/*
 * Let all threads read a character: is one at the end, and which captures has
 * the one that is preferred?
 */
static bool
step(const KqlRegex *regex, Scratch *scratch, KqlString s, size_t at, ptrdiff_t *captures)
{
	Threads    *current = &scratch->current;
	Threads    *next = &scratch->next;
	int			width = slots(regex);
	size_t		length = 0;
	uint32_t	character = at < s.length ? character_at(s, at, &length) : 0;

	next->count = 0;
	for (int i = 0; i < current->count; i++)
	{
		const RegexInstruction *instruction = &regex->program[current->at[i]];
		ptrdiff_t  *of_thread = current->captures + (size_t) i * (size_t) width;

		if (++scratch->threads > INTERRUPT_THREADS)
		{
			scratch->threads = 0;
			scratch->interrupt();
		}
		if (instruction->op == RE_MATCH)
		{
			memcpy(captures, of_thread, (size_t) width * sizeof(ptrdiff_t));
			return true;		/* all others are less preferred */
		}
		if (instruction->op == RE_CLASS && at < s.length && in_class(instruction->class, character))
			add_thread(regex, scratch, next, current->at[i] + 1, s, at + length, of_thread);
	}
	return false;
}

/*
 * Find the first match that begins there or behind.  "captures" gets the start
 * and end of the match and of each group, or -1.
 */
bool
kql_regex_search(const KqlRegex *regex, void *memory, KqlString s, size_t from, ptrdiff_t *captures)
{
	Scratch    *scratch = memory;
	bool		found = false;
	int			width = slots(regex);
	size_t		at = from;

	scratch->current.count = 0;
	for (;;)
	{
		size_t		length;
		Threads		swap;

		if (!found)
		{
			for (int i = 0; i < width; i++)
				scratch->captures[i] = -1;
			add_thread(regex, scratch, &scratch->current, 0, s, at, scratch->captures);
		}
		if (scratch->current.count == 0)
			return found;
		if (step(regex, scratch, s, at, captures))
			found = true;
		swap = scratch->current;
		scratch->current = scratch->next;
		scratch->next = swap;
		if (at >= s.length)
			return found;
		(void) character_at(s, at, &length);
		at += length;
	}
}
