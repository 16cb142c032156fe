/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/doctor/holders.h"

#include <unistd.h>

#include "common/base/text.h"
#include "hostctl/doctor/finding.h"

#define PERF_EVENT "anon_inode:[perf_event]"
#define MOST_NAMED 8

static bool
is_perf_event(const Sysroot *root, const char *path)
{
    g_autofree char *full = sysroot_path(root, path);
    char target[sizeof PERF_EVENT];
    ssize_t length = readlink(full, target, sizeof target);

    return length == sizeof PERF_EVENT - 1 && memcmp(target, PERF_EVENT, length) == 0;
}

/* -1: its descriptors may not be seen; a process that has ended has none. */
static int
count_events(const Sysroot *root, const char *pid)
{
    g_autofree char *dir = g_build_filename("proc", pid, "fd", NULL);
    g_auto(GStrv) fds = NULL;
    g_autoptr(GError) error = NULL;
    int n = 0;

    if (!sysroot_list(root, dir, &fds, &error))
        return g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_ACCES) ? -1 : 0;
    for (char **fd = fds; *fd; fd++) {
        g_autofree char *path = g_build_filename(dir, *fd, NULL);

        n += is_perf_event(root, path);
    }
    return n;
}

static void
name_holder(const Sysroot *root, const char *pid, int n_events, PerfHolders *holders)
{
    g_autofree char *path = g_build_filename("proc", pid, "comm", NULL);
    g_autofree char *comm = tree_word(root, path);

    g_string_append_printf(holders->names, "%s%s (pid %s): %d", holders->names->len ? ", " : "",
                           comm ? comm : "?", pid, n_events);
}

static bool
is_other_process(const Sysroot *root, const char *name)
{
    uint64_t pid;

    return text_to_u64(name, &pid, NULL) && !(sysroot_is_live(root) && pid == (uint64_t) getpid());
}

PerfHolders
perf_holders_find(const Sysroot *root)
{
    PerfHolders holders = { .names = g_string_new(NULL) };
    g_auto(GStrv) names = NULL;
    unsigned n_holders = 0;

    if (!sysroot_list(root, "proc", &names, NULL))
        return holders;
    for (char **name = names; *name; name++) {
        int n_events = is_other_process(root, *name) ? count_events(root, *name) : 0;

        if (n_events < 0)
            holders.n_unreadable++;
        else if (n_events > 0 && n_holders++ < MOST_NAMED)
            name_holder(root, *name, n_events, &holders);
    }
    if (n_holders > MOST_NAMED)
        g_string_append_printf(holders.names, " and %u more", n_holders - MOST_NAMED);
    return holders;
}
