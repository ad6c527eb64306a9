#include "cli/commands.h"

int main(int argc, char **argv)
{
    return cli_serve(argc - 1, argv + 1);
}
