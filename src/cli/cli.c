#include <stdio.h>
#include <string.h>
#include "base/buf.h"
#include "base/options.h"
#include "cli/commands.h"

static const struct {
    const char *name, *usage, *help;
    int (*run)(int argc, char **argv);
} commands[] = {
    { "serve", "serve [OPTION...]", "answer HTTP requests and process audio", cli_serve },
    { "enhance",
      "enhance [--type TYPE] [--strength S] [--format F] [--loudness] [--force] IN OUT",
      "clean one recording, here and now", cli_enhance },
    { "user", "user add|list|promote|demote|activate|deactivate|passwd ...",
      "manage the people who may log in", cli_user },
    { "stats", "stats [user NAME|guest ID] [--json]", "show usage figures", cli_stats },
    { "verify", "verify", "prove that all figures agree with the ledger", cli_verify },
    { "man", "man", "print the manual page", cli_man },
};

enum { COMMANDS = sizeof commands / sizeof commands[0], OPTIONS_BYTES_MAX = 1 << 20 };

static void overview(FILE *to)
{
    fprintf(to,
            "Whazz cleans recordings and counts exactly who used how much.\n\nUsage:\n");
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(to, "  whazz %s\n      %s\n", commands[i].usage, commands[i].help);
    fprintf(to, "\n  whazz --help                 this page and the options\n"
                "  whazz --version              the version\n");
}

static int help(void)
{
    struct buf options;

    overview(stdout);
    buf_init(&options, OPTIONS_BYTES_MAX);
    options_help(&options);
    printf("\nOptions of serve, user, stats and verify:\n%s",
           options.data ? options.data : "");
    buf_release(&options);
    return 0;
}

/* A hyphen of the manual's is one to type only after a backslash. */
static void roff_print(const char *text)
{
    for (; *text; text++)
        (void)fputs(*text == '-' ? "\\-" : (const char[]){ *text, '\0' }, stdout);
    printf("\n");
}

int cli_man(int argc, char **argv)
{
    struct buf page;

    (void)argc;
    (void)argv;
    buf_init(&page, OPTIONS_BYTES_MAX);
    options_man(&page);
    printf("%s.SH COMMANDS\n", page.data ? page.data : "");
    buf_release(&page);
    for (size_t i = 0; i < COMMANDS; i++) {
        printf(".TP\n.B whazz ");
        roff_print(commands[i].usage);
        roff_print(commands[i].help);
    }
    printf(".SH EXIT STATUS\n0, 1 for what failed, 2 for a wrong call.\n"
           ".SH SIGNALS\nSIGTERM and SIGINT end\n.B whazz serve\n"
           "within the time that \\-\\-grace gives to running uploads and jobs.\n");
    return 0;
}

int cli_run(int argc, char **argv)
{
    if (argc < 2) {
        overview(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return help();
    if (strcmp(argv[1], "--version") == 0) {
        printf("whazz %s\n", WHAZZ_VERSION);
        return 0;
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        if (argc > 2 && strcmp(argv[2], "--help") == 0)
            return help();
        return commands[i].run(argc - 2, argv + 2);
    }
    fprintf(stderr, "whazz: there is no command \"%s\"; see whazz --help\n", argv[1]);
    return 2;
}
