/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/option_parse.h"

#include <string.h>

#include "common/base/failure.h"
#include "common/base/near_name.h"

/* GLib tells what a context has only through its help: each "--name" there, without "--". */
static GPtrArray *
names_of(GOptionContext *context)
{
    g_autofree char *help = g_option_context_get_help(context, FALSE, NULL);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    for (const char *at = strstr(help, "--"); at; at = strstr(at, "--")) {
        size_t length;

        at += 2;
        length = strspn(at, "abcdefghijklmnopqrstuvwxyz-");
        if (length > 0)
            g_ptr_array_add(names, g_strndup(at, length));
        at += length;
    }
    g_ptr_array_add(names, NULL);
    return names;
}

/* The word that the message ends with, whatever language it is in. */
static char *
unknown_name(const GError *error)
{
    const char *word = strstr(error->message, "--");

    return word ? g_strndup(word + 2, strcspn(word + 2, "= ")) : NULL;
}

static bool
explain(GOptionContext *context, GError *problem, GError **error)
{
    g_autoptr(GPtrArray) names = NULL;
    g_autofree char *name = NULL;
    const char *near = NULL;

    if (g_error_matches(problem, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION) &&
        (name = unknown_name(problem))) {
        names = names_of(context);
        near = near_name(name, (const char *const *) names->pdata);
    }
    if (!near) {
        g_propagate_error(error, problem);
        return false;
    }
    g_error_free(problem);
    return failure_set(error, FAILURE_USAGE, "no option “--%s”; did you mean “--%s”?", name, near);
}

bool
option_parse(GOptionContext *context, int *argc, char ***argv, GError **error)
{
    GError *problem = NULL;

    return g_option_context_parse(context, argc, argv, &problem) ||
           explain(context, problem, error);
}

bool
option_parse_strv(GOptionContext *context, char ***words, GError **error)
{
    GError *problem = NULL;

    return g_option_context_parse_strv(context, words, &problem) ||
           explain(context, problem, error);
}
