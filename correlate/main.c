/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/failure.h"
#include "common/base/near_name.h"
#include "common/base/pace.h"
#include "common/base/text.h"
#include "correlate/command.h"

static void
print_help(void)
{
    printf("Usage: correlate COMMAND [OPTION…] FILE…\n\n"
           "Reads datasets of hostctl, computes and reports; changes nothing.\n\nCommands:\n");
    for (size_t i = 0; i < command_list_length; i++)
        printf("  %-10s %s\n", command_list[i].name, command_list[i].help);
    printf("\nOptions:\n"
           "  --help      this text; after COMMAND, that command's\n"
           "  --version   print the version\n"
           "\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 done and the answer is “no”.\n");
}

/* For whoever has just got a dataset: the one command that needs nothing else comes first. */
static void
print_beginning(void)
{
    fprintf(stderr,
            "correlate: no command. To begin, with a dataset of hostctl run or record:\n"
            "  correlate validate FILE.db               is it sound, and what does it say?\n"
            "  correlate report FILE.db -o report.html  the same with figures\n"
            "  correlate list DIR                       which datasets are there?\n"
            "correlate --help lists all; man correlate tells the rest.\n");
}

static int
unknown_command(const char *name)
{
    const char **names = g_newa0(const char *, command_list_length + 1);
    g_autofree char *shown = text_message(name);
    const char *near;

    for (size_t i = 0; i < command_list_length; i++)
        names[i] = command_list[i].name;
    near = near_name(name, names);
    fprintf(stderr, "correlate: unknown command “%s”", shown);
    if (near)
        fprintf(stderr, " (did you mean “%s”?)", near);
    fprintf(stderr, "; correlate --help lists them\n");
    return 2;
}

static int
run_command(const Command *command, int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *message = NULL;

    bool done;

    pace_show(stderr);
    done = command->run(argc, argv, &error);
    pace_show(NULL);
    if (done)
        return EXIT_SUCCESS;
    message = text_message(error->message);
    fprintf(stderr, "correlate %s: %s\n", command->name, message);
    if (failure_exit_code(error) == FAILURE_EXIT_USAGE)
        fprintf(stderr, "  correlate %s --help tells more, and man correlate-%s\n", command->name,
                command->name);
    return failure_exit_code(error);
}

int
main(int argc, char **argv)
{
    /* Numbers in documents and for gnuplot are written with a point, whatever the user speaks. */
    setlocale(LC_CTYPE, "");
    if (argc < 2) {
        print_beginning();
        return FAILURE_EXIT_USAGE;
    }
    if (g_str_equal(argv[1], "--help") || g_str_equal(argv[1], "-h")) {
        print_help();
        return EXIT_SUCCESS;
    }
    if (g_str_equal(argv[1], "--version")) {
        printf("correlate (insideout) %s\n", INSIDEOUT_VERSION);
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; i < command_list_length; i++)
        if (g_str_equal(argv[1], command_list[i].name))
            return run_command(&command_list[i], argc - 1, argv + 1);
    return unknown_command(argv[1]);
}
