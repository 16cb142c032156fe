/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/doctor/quota.h"

#include <string.h>

#include "common/base/text.h"

#define DEEPEST 4
#define MOST_NAMED 8

/* Where libvirt puts guests: with systemd, and without. */
static const char *const places[] = {
    "sys/fs/cgroup/machine.slice",
    "sys/fs/cgroup/machine",
    "sys/fs/cgroup/cpu/machine.slice",
    "sys/fs/cgroup/cpu/machine",
    "sys/fs/cgroup/cpu,cpuacct/machine.slice",
    "sys/fs/cgroup/cpu,cpuacct/machine",
};

typedef struct {
    const Sysroot *root;
    GString *names;
    unsigned n;
} Search;

/* Version 2: "50000 100000" or "max 100000". */
static bool
read_cpu_max(const Sysroot *root, const char *group, double *ret_percent)
{
    g_autofree char *path = g_build_filename(group, "cpu.max", NULL);
    g_autofree char *text = NULL;
    g_auto(GStrv) words = NULL;
    uint64_t quota, period;

    if (!sysroot_read(root, path, &text, NULL))
        return false;
    words = g_strsplit(text, " ", 2);
    if (g_strv_length(words) != 2 || !text_to_u64(words[0], &quota, NULL) ||
        !text_to_u64(words[1], &period, NULL) || period == 0)
        return false;
    *ret_percent = 100.0 * quota / period;
    return true;
}

/* Version 1: a quota of -1 is none. */
static bool
read_cfs_quota(const Sysroot *root, const char *group, double *ret_percent)
{
    g_autofree char *quota_path = g_build_filename(group, "cpu.cfs_quota_us", NULL);
    g_autofree char *period_path = g_build_filename(group, "cpu.cfs_period_us", NULL);
    uint64_t quota, period;

    if (!sysroot_read_u64(root, quota_path, &quota, NULL) ||
        !sysroot_read_u64(root, period_path, &period, NULL) || period == 0)
        return false;
    *ret_percent = 100.0 * quota / period;
    return true;
}

/* systemd writes "-" inside a name as "\x2d". */
static void
name_group(Search *search, const char *group, double percent)
{
    g_auto(GStrv) parts = g_strsplit(group, "\\x2d", -1);
    g_autofree char *name = g_strjoinv("-", parts);

    if (search->n++ < MOST_NAMED)
        g_string_append_printf(search->names, "%s%s: %.0f %%", search->names->len ? ", " : "", name,
                               percent);
}

static void
walk(Search *search, const char *place, const char *group, int depth)
{
    g_autofree char *dir = g_build_filename(place, group, NULL);
    g_auto(GStrv) names = NULL;
    double percent;

    if (!sysroot_list(search->root, dir, &names, NULL))
        return;
    if (*group &&
        (read_cpu_max(search->root, dir, &percent) || read_cfs_quota(search->root, dir, &percent)))
        name_group(search, group, percent);
    for (char **name = names; depth < DEEPEST && *name; name++) {
        g_autofree char *below = *group ? g_build_filename(group, *name, NULL) : g_strdup(*name);

        walk(search, place, below, depth + 1);
    }
}

char *
quota_find(const Sysroot *root)
{
    Search search = { .root = root, .names = g_string_new(NULL) };

    for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
        walk(&search, places[i], "", 0);
    if (search.n > MOST_NAMED)
        g_string_append_printf(search.names, " and %u more", search.n - MOST_NAMED);
    return g_string_free(search.names, FALSE);
}
