/* The commands of the program, one file each. Each takes what stands behind its name and returns
 * the exit status: 0, 1 when it failed, 2 when it was called wrongly. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

int cli_serve(int argc, char **argv);

#endif
