#include <stdio.h>
#include <string.h>
#include "cli/commands.h"

int main(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "serve") == 0)
        return cli_serve(argc - 2, argv + 2);
    fprintf(stderr, "Usage: whazz serve [OPTION...]\n");
    return 2;
}
