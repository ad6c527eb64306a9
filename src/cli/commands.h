/* The commands of the program, one file each. Each takes what stands behind its name and
 * returns the exit status: 0, 1 when it failed, 2 when it was called wrongly. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

int cli_serve(int argc, char **argv);
int cli_user(int argc, char **argv);
int cli_verify(int argc, char **argv);
int cli_stats(int argc, char **argv);
int cli_enhance(int argc, char **argv);
int cli_man(int argc, char **argv);

/* Picks the command that argv[1] names and runs it. */
int cli_run(int argc, char **argv);

#endif
