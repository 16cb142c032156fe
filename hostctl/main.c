/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/failure.h"
#include "common/base/fault.h"
#include "common/base/near_name.h"
#include "common/base/pace.h"
#include "common/base/text.h"
#include "hostctl/command.h"
#include "hostctl/remote_host.h"
#include "hostctl/virt/connection.h"

static void
print_help(void)
{
    const char *group = NULL;

    printf("Usage: hostctl [-c URI] [--root DIR] COMMAND [OPTION...]\n\n"
           "Starts, loads, counts and records guests of this host from the outside.\n");
    for (size_t i = 0; i < command_list_length; i++) {
        const Command *command = &command_list[i];

        if (g_strcmp0(group, command->group) != 0)
            printf("\n%s:\n", command->group);
        group = command->group;
        printf("  %-10s %s\n", command->name, command->help);
    }
    printf("\nOptions, before or after COMMAND:\n"
           "  -c, --connect=URI   libvirt to use: qemu:///system, qemu:///embed (no daemon "
           "needed), …\n"
           "  --root=DIR          read the kernel's files under DIR instead of /\n"
           "  --help              this text; after COMMAND, that command's\n"
           "  --version           print the version\n"
           "\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 done and the answer is “no”.\n");
}

/* For whoever has just installed it: what changes nothing comes first. */
static void
print_beginning(void)
{
    const char *installed = INSIDEOUT_DATA_DIR_INSTALLED "/examples/quick.json";
    const char *plan =
        g_file_test(installed, G_FILE_TEST_EXISTS) ? installed : "examples/quick.json";

    fprintf(stderr,
            "hostctl: no command. To begin:\n"
            "  hostctl doctor                    is this host fit for it? changes nothing\n"
            "  hostctl top                       this node's guests and who waits behind whom; "
            "read-only\n"
            "  hostctl run -o quick.db \\\n"
            "    %s\n"
            "                                    a first experiment, with guests of its own\n"
            "hostctl --help lists all; man hostctl tells the rest.\n",
            plan);
}

/* The value of `name` at argv[i] ("NAME VALUE" or "NAME=VALUE"); NULL when another word is there.
 */
static const char *
option_value(char **argv, int *i, const char *name, GError **error)
{
    size_t length = strlen(name);

    if (!g_str_has_prefix(argv[*i], name))
        return NULL;
    if (argv[*i][length] == '=' && name[1] == '-')
        return argv[*i] + length + 1;
    if (argv[*i][length] != '\0')
        return NULL;
    if (!argv[*i + 1]) {
        failure_set(error, FAILURE_USAGE, "%s wants a value", name);
        return NULL;
    }
    return argv[++*i];
}

/* Takes the global options out of argv, wherever they stand before "--". Returns the new argc. */
static int
take_global_options(char **argv, const char **uri, const char **root, GError **error)
{
    const struct {
        const char *name;
        const char **value;
    } options[] = { { "-c", uri }, { "--connect", uri }, { "--root", root } };
    int kept = 1;
    int i = 1;

    for (; argv[i] && !g_str_equal(argv[i], "--"); i++) {
        const char *value = NULL;

        for (size_t k = 0; !value && k < G_N_ELEMENTS(options); k++) {
            value = option_value(argv, &i, options[k].name, error);
            if (*error)
                return kept;
            if (value)
                *options[k].value = value;
        }
        if (!value)
            argv[kept++] = argv[i];
    }
    while (argv[i])
        argv[kept++] = argv[i++];
    argv[kept] = NULL;
    return kept;
}

static bool
unknown_option(const char *word, GError **error)
{
    static const char *const names[] = { "--connect", "--root", "--help", "--version", NULL };
    g_autofree char *name = g_strndup(word, strcspn(word, "="));
    const char *near = near_name(name, names);

    if (near)
        return failure_set(error, FAILURE_USAGE, "no option “%s”; did you mean “%s”?", name, near);
    return failure_set(error, FAILURE_USAGE, "“%s” where a command should stand", word);
}

static const Command *
find_command(const char *name, GError **error)
{
    g_autofree const char **names = g_new0(const char *, command_list_length + 1);
    const char *near;

    if (*name == '-') {
        unknown_option(name, error);
        return NULL;
    }
    for (size_t i = 0; i < command_list_length; i++) {
        names[i] = command_list[i].name;
        if (g_str_equal(name, names[i]))
            return &command_list[i];
    }

    near = near_name(name, names);
    if (near)
        failure_set(error, FAILURE_USAGE, "no command “%s”; did you mean “%s”?", name, near);
    else
        failure_set(error, FAILURE_USAGE, "no command “%s”", name);
    return NULL;
}

static int
report(const char *command, const GError *error)
{
    g_autofree char *message = text_message(error->message);
    int code = failure_exit_code(error);

    if (command)
        fprintf(stderr, "hostctl %s: %s\n", command, message);
    else
        fprintf(stderr, "hostctl: %s\n", message);
    if (code == FAILURE_EXIT_USAGE && command)
        fprintf(stderr, "  %s --help tells more, and man hostctl-%s\n", g_get_prgname(), command);
    else if (code == FAILURE_EXIT_USAGE)
        fprintf(stderr, "  hostctl --help lists what there is; man hostctl tells more\n");
    return code;
}

static bool
wants_help(const char *const *words)
{
    return g_strv_contains(words, "--help") || g_strv_contains(words, "-h");
}

static int
run_command(const Command *command, const char *uri, const char *root_path, int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Interrupt) interrupt = interrupt_new(&error);
    g_autoptr(Sysroot) root = sysroot_new(root_path ? root_path : "/");
    g_autofree char *program = g_strdup_printf("hostctl %s", command->name);
    g_auto(GStrv) words = g_strdupv(argv); /* option parsing takes them apart */
    CommandContext context = {
        .uri = uri, .root = root, .interrupt = interrupt, .words = (const char *const *) words
    };
    bool done;

    g_set_prgname(program); /* what GOption's help calls it */
    if (!interrupt)
        return report(command->name, error);
    if (command->at_home && !wants_help(context.words) &&
        !remote_host_refuse_because(uri, command->at_home, context.words, &error))
        return report(command->name, error);
    pace_show(stderr);
    done = command->run(&context, argc, argv, &error);
    pace_show(NULL);
    if (!done)
        return report(command->name, error);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        failure_set(&error, FAILURE_FAILED, "standard output could not be written");
        return report(command->name, error);
    }
    return EXIT_SUCCESS;
}

/* LeakSanitizer looks only when exit(3) is called. */
static int
leave(int code)
{
#ifndef __SANITIZE_ADDRESS__
    if (connection_driver_in_process()) {
        fflush(NULL);
        _exit(code);
    }
#endif
    return code;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    const char *uri = NULL;
    const char *root_path = NULL;
    const Command *command;

    setlocale(LC_ALL, "");
    if (!fault_check(&error))
        return report(NULL, error);
    argc = take_global_options(argv, &uri, &root_path, &error);
    if (!error && root_path && !g_file_test(root_path, G_FILE_TEST_IS_DIR))
        failure_set(&error, FAILURE_USAGE, "--root %s: no such folder", root_path);
    if (error)
        return report(NULL, error);

    if (argc < 2) {
        print_beginning();
        return FAILURE_EXIT_USAGE;
    }
    if (g_str_equal(argv[1], "--help") || g_str_equal(argv[1], "-h")) {
        print_help();
        return EXIT_SUCCESS;
    }
    if (g_str_equal(argv[1], "--version")) {
        printf("hostctl %s\n", INSIDEOUT_VERSION);
        return EXIT_SUCCESS;
    }

    command = find_command(argv[1], &error);
    if (!command)
        return report(NULL, error);
    return leave(run_command(command, uri, root_path, argc - 1, argv + 1));
}
