/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/cgroup.h"

#include <string.h>

#include "common/base/text.h"
#include "hostctl/collect/pressure.h"

#define VERSION_1 "sys/fs/cgroup/cpu"
#define VERSION_2 "sys/fs/cgroup"
#define HYBRID_VERSION_2 "sys/fs/cgroup/unified"

/* Folders that libvirt makes below a guest's. */
static const char *const below[] = { "/libvirt", "/emulator", "/vcpu", "/iothread" };

static void
cut_to_guest(char *folder)
{
    for (size_t i = 0; i < G_N_ELEMENTS(below); i++) {
        char *at = g_strrstr(folder, below[i]);
        size_t digits = at ? strspn(at + strlen(below[i]), "0123456789") : 0;
        const char *rest = at ? at + strlen(below[i]) + digits : NULL;

        if (at && (*rest == '\0' || *rest == '/'))
            *at = '\0';
    }
}

char *
cgroup_guest_folder(const char *proc_cgroup, const char *controller)
{
    g_auto(GStrv) lines = g_strsplit(proc_cgroup, "\n", -1);

    for (char **line = lines; *line; line++) {
        g_auto(GStrv) parts = g_strsplit(*line, ":", 3);
        g_auto(GStrv) controllers = NULL;

        if (g_strv_length(parts) != 3 || strstr(parts[2], ".."))
            continue;
        controllers = g_strsplit(parts[1], ",", -1);
        if (*controller ? !g_strv_contains((const char *const *) controllers, controller)
                        : *parts[1] != '\0')
            continue;
        cut_to_guest(parts[2]);
        return g_strdup(parts[2]);
    }
    return NULL;
}

/* The number behind `key` in a file of "key number" lines. */
static bool
read_key(const Sysroot *root, const char *path, const char *key, uint64_t *ret_value)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    size_t length = strlen(key);

    if (!sysroot_read(root, path, &text, NULL))
        return false;
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        if (g_str_has_prefix(*line, key) && (*line)[length] == ' ')
            return text_to_u64(*line + length + 1, ret_value, NULL);
    return false;
}

static void
add_throttled(CgroupStats *stats, uint64_t ns)
{
    stats->throttled_ns = (stats->throttled_ns == ABSENT_U64 ? 0 : stats->throttled_ns) + ns;
}

static void
add_quota(CgroupStats *stats, uint64_t quota_us, uint64_t period_us)
{
    if (period_us > 0)
        stats->quota_percent = MIN(stats->quota_percent, quota_us * 100 / period_us);
}

/* "50000 100000" or "max 100000" */
static void
read_quota_2(const Sysroot *root, const char *folder, CgroupStats *stats)
{
    g_autofree char *path = g_strdup_printf("%s/cpu.max", folder);
    g_autofree char *text = NULL;
    g_auto(GStrv) words = NULL;
    uint64_t quota_us, period_us;

    if (!sysroot_read(root, path, &text, NULL))
        return;
    words = g_strsplit(text, " ", 2);
    if (g_strv_length(words) == 2 && text_to_u64(words[0], &quota_us, NULL) &&
        text_to_u64(words[1], &period_us, NULL))
        add_quota(stats, quota_us, period_us);
}

/* A quota of -1 is none, and not a number here. */
static void
read_quota_1(const Sysroot *root, const char *folder, CgroupStats *stats)
{
    g_autofree char *quota = g_strdup_printf("%s/cpu.cfs_quota_us", folder);
    g_autofree char *period = g_strdup_printf("%s/cpu.cfs_period_us", folder);
    uint64_t quota_us, period_us;

    if (sysroot_read_u64(root, quota, &quota_us, NULL) &&
        sysroot_read_u64(root, period, &period_us, NULL))
        add_quota(stats, quota_us, period_us);
}

static void
read_folder(const Sysroot *root, const char *folder, CgroupStats *stats)
{
    g_autofree char *stat = g_strdup_printf("%s/cpu.stat", folder);
    uint64_t value;

    if (read_key(root, stat, "throttled_usec", &value))
        add_throttled(stats, value * 1000);
    else if (read_key(root, stat, "throttled_time", &value))
        add_throttled(stats, value);
    read_quota_2(root, folder, stats);
    read_quota_1(root, folder, stats);
}

/* The guest's folder and those of its vCPUs: "libvirt/vcpu0", or "vcpu0" in version 1. */
static void
read_tree(const Sysroot *root, const char *folder, CgroupStats *stats)
{
    static const char *const parents[] = { "", "/libvirt" };

    read_folder(root, folder, stats);
    for (size_t i = 0; i < G_N_ELEMENTS(parents); i++) {
        g_autofree char *parent = g_strconcat(folder, parents[i], NULL);
        g_auto(GStrv) names = NULL;

        if (!sysroot_list(root, parent, &names, NULL))
            continue;
        for (char **name = names; *name; name++) {
            g_autofree char *child = g_strconcat(parent, "/", *name, NULL);

            if (g_str_has_prefix(*name, "vcpu"))
                read_folder(root, child, stats);
        }
    }
}

static void
read_pressure(const Sysroot *root, const char *folder, CgroupStats *stats)
{
    PressureStats pressure;

    if (!pressure_read_cgroup(root, folder, &pressure, NULL))
        return;
    stats->io_some_us = pressure.io_some_us;
    stats->memory_some_us = pressure.memory_some_us;
}

void
cgroup_read(const Sysroot *root, pid_t pid, CgroupStats *ret_stats)
{
    g_autofree char *path = g_strdup_printf("proc/%d/cgroup", pid);
    g_autofree char *text = NULL;
    g_autofree char *cpu = NULL;
    g_autofree char *unified = NULL;
    CgroupStats stats = { ABSENT_U64, ABSENT_U64, ABSENT_U64, ABSENT_U64 };

    if (sysroot_read(root, path, &text, NULL)) {
        cpu = cgroup_guest_folder(text, "cpu");
        unified = cgroup_guest_folder(text, "");
    }
    if (cpu) {
        g_autofree char *folder = g_strconcat(VERSION_1, cpu, NULL);

        read_tree(root, folder, &stats);
    }
    if (unified) {
        bool hybrid = sysroot_exists(root, HYBRID_VERSION_2);
        g_autofree char *folder = g_strconcat(hybrid ? HYBRID_VERSION_2 : VERSION_2, unified, NULL);

        read_tree(root, folder, &stats);
        /* The root's pressure is the host's. */
        if (!g_str_equal(unified, "/"))
            read_pressure(root, folder, &stats);
    }
    *ret_stats = stats;
}
