/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/resctrl.h"

#define ROOT_GROUP "sys/fs/resctrl"

static bool
holds_thread(const Sysroot *root, const char *group, pid_t tid)
{
    g_autofree char *path = g_strdup_printf("%s/tasks", group);
    g_autofree char *wanted = g_strdup_printf("%d", tid);
    g_autofree char *text = NULL;
    g_auto(GStrv) tids = NULL;

    if (!sysroot_read(root, path, &text, NULL))
        return false;
    tids = g_strsplit(text, "\n", -1);
    return g_strv_contains((const char *const *) tids, wanted);
}

/* Sums one file over all caches: mon_data/mon_L3_00, mon_L3_01, … */
static bool
sum_caches(const Sysroot *root, const char *group, const char *file, uint64_t *ret_sum)
{
    g_autofree char *data = g_strdup_printf("%s/mon_data", group);
    g_auto(GStrv) caches = NULL;
    uint64_t sum = 0, value;
    bool found = false;

    if (!sysroot_list(root, data, &caches, NULL))
        return false;
    for (char **cache = caches; *cache; cache++) {
        g_autofree char *path = g_strdup_printf("%s/%s/%s", data, *cache, file);

        if (!sysroot_read_u64(root, path, &value, NULL))
            continue;
        sum += value;
        found = true;
    }
    *ret_sum = sum;
    return found;
}

static bool
read_group(const Sysroot *root, const char *group, pid_t tid, ResctrlStats *ret_stats)
{
    return holds_thread(root, group, tid) &&
           sum_caches(root, group, "llc_occupancy", &ret_stats->llc_bytes) &&
           sum_caches(root, group, "mbm_total_bytes", &ret_stats->bandwidth_bytes);
}

/* Groups for monitoring only lie below each group for allocation, the root's too. */
static bool
read_monitors(const Sysroot *root, const char *group, pid_t tid, ResctrlStats *ret_stats)
{
    g_autofree char *dir = g_strdup_printf("%s/mon_groups", group);
    g_auto(GStrv) names = NULL;

    if (!sysroot_list(root, dir, &names, NULL))
        return false;
    for (char **name = names; *name; name++) {
        g_autofree char *monitor = g_strdup_printf("%s/%s", dir, *name);

        if (read_group(root, monitor, tid, ret_stats))
            return true;
    }
    return false;
}

bool
resctrl_is_there(const Sysroot *root)
{
    return sysroot_exists(root, ROOT_GROUP "/tasks");
}

bool
resctrl_read(const Sysroot *root, pid_t tid, ResctrlStats *ret_stats)
{
    g_auto(GStrv) names = NULL;
    ResctrlStats stats;

    if (!sysroot_list(root, ROOT_GROUP, &names, NULL))
        return false;
    if (read_monitors(root, ROOT_GROUP, tid, &stats)) {
        *ret_stats = stats;
        return true;
    }
    /* The root group holds everybody who is in no other: it says nothing of one guest. */
    for (char **name = names; *name; name++) {
        g_autofree char *group = g_strdup_printf("%s/%s", ROOT_GROUP, *name);

        if (!read_monitors(root, group, tid, &stats) && !read_group(root, group, tid, &stats))
            continue;
        *ret_stats = stats;
        return true;
    }
    return false;
}
