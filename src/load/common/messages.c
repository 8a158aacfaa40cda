/*-------------------------------------------------------------------------
 *
 * messages.c
 *	  Messages on standard error.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "common/messages.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static size_t own_width = 0;
static size_t *progress_width = &own_width;

/*
 * Keep the width of the progress line where other processes, which share the
 * terminal, wipe it out as well.
 */
void
share_progress_width(size_t *width)
{
	progress_width = width;
}

/*
 * Wipe the progress line out, so that something else can stand there.
 */
void
clear_progress_line(void)
{
	if (*progress_width > 0)
		fprintf(stderr, "\r%*s\r", (int) *progress_width, "");
	*progress_width = 0;
}

/*
 * Put a line where the last progress line was.
 */
void
set_progress_line(const char *text)
{
	size_t		width = strlen(text);
	int			rest = width < *progress_width ? (int) (*progress_width - width) : 0;

	fprintf(stderr, "\r%s%*s", text, rest, "");
	fflush(stderr);
	*progress_width = width;
}

/*
 * Append text that may come from a server, a log or a file's name, so that no control
 * character of it but ends of lines and tabs reaches the terminal.
 */
void
append_for_terminal(Buffer *line, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
	{
		unsigned char c = (unsigned char) text[i];
		bool		c1 = c == 0xc2 && i + 1 < length && (unsigned char) text[i + 1] < 0xa0;

		if ((c >= 0x20 && c != 0x7f && !c1) || c == '\n' || c == '\t')
			buffer_append_byte(line, (char) c);
		else
		{
			char		escaped[8];

			snprintf(escaped, sizeof(escaped), "\\x%02x", c1 ? (unsigned char) text[++i] : c);
			buffer_append_string(line, escaped);
		}
	}
}

/*
 * Write a line in one piece, as several jobs may do that.
 */
static void
write_line(const char *prefix, const char *format, va_list arguments)
{
	va_list		again;
	int			length;
	Buffer		text = {0};
	Buffer		line = {0};

	clear_progress_line();
	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	buffer_reserve(&text, (size_t) length + 1);
	vsnprintf(text.data, (size_t) length + 1, format, arguments);
	while (length > 0 && text.data[length - 1] == '\n')
		length--;
	buffer_append_string(&line, prefix);
	append_for_terminal(&line, text.data, (size_t) length);
	buffer_append_byte(&line, '\n');
	fwrite(line.data, 1, line.length, stderr);
	fflush(stderr);
	buffer_free(&text);
	buffer_free(&line);
}

/*
 * A message as it is.
 */
void
message(const char *format,...)
{
	va_list		arguments;

	va_start(arguments, format);
	write_line("", format, arguments);
	va_end(arguments);
}

/*
 * An error of the program as a whole.
 */
void
report_error(const char *format,...)
{
	va_list		arguments;

	va_start(arguments, format);
	write_line(PROGRAM ": error: ", format, arguments);
	va_end(arguments);
}

/*
 * A warning.
 */
void
report_warning(const char *format,...)
{
	va_list		arguments;

	va_start(arguments, format);
	write_line(PROGRAM ": warning: ", format, arguments);
	va_end(arguments);
}
