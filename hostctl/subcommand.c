/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/subcommand.h"

#include <stdio.h>
#include <string.h>

#include "common/base/failure.h"
#include "common/base/near_name.h"
#include "common/base/option_parse.h"

static void
print_verbs(const char *command, const Command *verbs, size_t n)
{
    printf("Usage: hostctl %s VERB [OPTION...]\n\nVerbs:\n", command);
    for (size_t i = 0; i < n; i++)
        printf("  %-10s %s\n", verbs[i].name, verbs[i].help);
    printf("\nhostctl %s VERB --help tells more.\n", command);
}

static bool
unknown_verb(const Command *verbs, size_t n, const char *given, GError **error)
{
    g_autofree const char **names = g_new0(const char *, n + 1);
    g_autofree char *list = NULL;
    const char *near;

    for (size_t i = 0; i < n; i++)
        names[i] = verbs[i].name;
    near = given ? near_name(given, names) : NULL;
    if (near)
        return failure_set(error, FAILURE_USAGE, "no verb “%s”; did you mean “%s”?", given, near);
    list = g_strjoinv(", ", (char **) names);
    return failure_set(error, FAILURE_USAGE, "want one of %s", list);
}

bool
subcommand_run(const CommandContext *context, const Command *verbs, size_t n, int argc, char **argv,
               GError **error)
{
    g_autofree char *program = NULL;

    if (argc > 1 && (g_str_equal(argv[1], "--help") || g_str_equal(argv[1], "-h"))) {
        print_verbs(argv[0], verbs, n);
        return true;
    }
    for (size_t i = 0; argc > 1 && i < n; i++) {
        if (!g_str_equal(argv[1], verbs[i].name))
            continue;
        program = g_strdup_printf("hostctl %s %s", argv[0], verbs[i].name);
        g_set_prgname(program);
        return verbs[i].run(context, argc - 1, argv + 1, error);
    }
    return unknown_verb(verbs, n, argc > 1 ? argv[1] : NULL, error);
}

bool
subcommand_parse(const char *usage, const GOptionEntry *options, int min_operands, int max_operands,
                 int *argc, char ***argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(usage);
    const char *summary = strstr(usage, "- ");
    g_autofree char *operands =
        g_strchomp(g_strndup(usage, summary ? (size_t) (summary - usage) : strlen(usage)));

    if (options)
        g_option_context_add_main_entries(context, options, NULL);
    if (!option_parse(context, argc, argv, error))
        return false;
    if (*argc > 1 && g_str_equal((*argv)[1], "--")) {
        (*argv)[1] = (*argv)[0];
        (*argv)++;
        (*argc)--;
    }
    if (*argc - 1 < min_operands)
        return failure_set(error, FAILURE_USAGE, "something is missing: %s %s", g_get_prgname(),
                           operands);
    if (*argc - 1 > max_operands)
        return failure_set(error, FAILURE_USAGE, "“%s” is too much: %s %s",
                           (*argv)[max_operands + 1], g_get_prgname(), operands);
    return true;
}
