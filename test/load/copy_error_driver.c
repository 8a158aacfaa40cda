/* The line that a context names: copy_error_driver CONTEXT RELATION LINES */
#include "write/copy_error.h"

#include <stdio.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
	if (argc != 4)
		return 1;
	printf("%d\n", copy_error_line(argv[1], argv[2], atoi(argv[3])));
	return 0;
}
