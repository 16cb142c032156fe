/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/cgroup.h"

#include <string.h>

#include "hostctl/collect/kept_number.h"

#define VERSION_1 "sys/fs/cgroup/cpu"
#define VERSION_2 "sys/fs/cgroup"
#define HYBRID_VERSION_2 "sys/fs/cgroup/unified"

/* Where a version tells what we want of a folder, and in which unit. */
typedef struct {
    const char *throttled;
    unsigned throttled_unit_ns;
    const char *quota_file, *period_file, *before_period; /* a quota of "max" or -1 is none */
} Version;

static const Version version_1 = { "throttled_time", 1, "cpu.cfs_quota_us", "cpu.cfs_period_us",
                                   "" };
static const Version version_2 = { "throttled_usec", 1000, "cpu.max", "cpu.max", " " };

/* One of the guest's folders. */
typedef struct {
    const Version *version;
    KeptNumber throttled, quota_us, period_us;
    uint64_t throttled_ns, quota_percent; /* as last read */
} Folder;

struct Cgroup {
    GArray *folders; /* Folder */
    KeptNumber io_some_us, memory_some_us;
    uint64_t last_memory_some_us;
};

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

static KeptNumber
keep(const Sysroot *root, const char *folder, const char *file, const char *before)
{
    g_autofree char *path = g_strdup_printf("%s/%s", folder, file);
    KeptNumber number = KEPT_NUMBER_CLOSED;

    kept_number_open(root, path, before, &number);
    return number;
}

static void
clear_folder(void *data)
{
    Folder *folder = data;

    kept_number_close(&folder->throttled);
    kept_number_close(&folder->quota_us);
    kept_number_close(&folder->period_us);
}

static void
open_folder(Cgroup *cgroup, const Sysroot *root, const char *path, const Version *version)
{
    Folder folder = {
        .version = version,
        .throttled = keep(root, path, "cpu.stat", version->throttled),
        .quota_us = keep(root, path, version->quota_file, ""),
        .period_us = keep(root, path, version->period_file, version->before_period),
        .throttled_ns = ABSENT_U64,
        .quota_percent = ABSENT_U64,
    };

    g_array_append_val(cgroup->folders, folder);
}

/* The guest's folder and those of its vCPUs: "libvirt/vcpu0", or "vcpu0" in version 1. */
static void
open_tree(Cgroup *cgroup, const Sysroot *root, const char *path, const Version *version)
{
    static const char *const parents[] = { "", "/libvirt" };

    open_folder(cgroup, root, path, version);
    for (size_t i = 0; i < G_N_ELEMENTS(parents); i++) {
        g_autofree char *parent = g_strconcat(path, parents[i], NULL);
        g_auto(GStrv) names = NULL;

        if (!sysroot_list(root, parent, &names, NULL))
            continue;
        for (char **name = names; *name; name++) {
            g_autofree char *child = g_strconcat(parent, "/", *name, NULL);

            if (g_str_has_prefix(*name, "vcpu"))
                open_folder(cgroup, root, child, version);
        }
    }
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=123", and then "full …". */
static void
open_pressure(Cgroup *cgroup, const Sysroot *root, const char *path)
{
    cgroup->io_some_us = keep(root, path, "io.pressure", "total=");
    cgroup->memory_some_us = keep(root, path, "memory.pressure", "total=");
}

Cgroup *
cgroup_open(const Sysroot *root, pid_t pid)
{
    g_autofree char *path = g_strdup_printf("proc/%d/cgroup", pid);
    g_autofree char *text = NULL;
    g_autofree char *cpu = NULL;
    g_autofree char *unified = NULL;
    Cgroup *cgroup = g_new(Cgroup, 1);
    CgroupStats stats;

    *cgroup = (Cgroup){ g_array_new(FALSE, FALSE, sizeof(Folder)), KEPT_NUMBER_CLOSED,
                        KEPT_NUMBER_CLOSED, ABSENT_U64 };
    g_array_set_clear_func(cgroup->folders, clear_folder);
    if (sysroot_read(root, path, &text, NULL)) {
        cpu = cgroup_guest_folder(text, "cpu");
        unified = cgroup_guest_folder(text, "");
    }
    if (cpu) {
        g_autofree char *folder = g_strconcat(VERSION_1, cpu, NULL);

        open_tree(cgroup, root, folder, &version_1);
    }
    if (unified) {
        bool hybrid = sysroot_exists(root, HYBRID_VERSION_2);
        g_autofree char *folder = g_strconcat(hybrid ? HYBRID_VERSION_2 : VERSION_2, unified, NULL);

        open_tree(cgroup, root, folder, &version_2);
        /* The root's pressure is the host's. */
        if (!g_str_equal(unified, "/"))
            open_pressure(cgroup, root, folder);
    }
    cgroup_read_all(cgroup, &stats);
    return cgroup;
}

void
cgroup_close(Cgroup *cgroup)
{
    if (!cgroup)
        return;

    g_array_unref(cgroup->folders);
    kept_number_close(&cgroup->io_some_us);
    kept_number_close(&cgroup->memory_some_us);
    g_free(cgroup);
}

static void
read_quota(Folder *folder)
{
    uint64_t quota_us, period_us;

    folder->quota_percent = ABSENT_U64;
    if (kept_number_read(&folder->quota_us, &quota_us) &&
        kept_number_read(&folder->period_us, &period_us) && period_us > 0)
        folder->quota_percent = quota_us * 100 / period_us;
}

static bool
has_quota(const Folder *folder)
{
    return folder->quota_percent != ABSENT_U64;
}

/* A group without a quota is never throttled: its sum is read once. */
static void
read_folder(Folder *folder, bool all)
{
    bool had_quota = has_quota(folder), unread = folder->throttled_ns == ABSENT_U64;
    uint64_t throttled;

    if (all)
        read_quota(folder);
    if ((had_quota || has_quota(folder) || (all && unread)) &&
        kept_number_read(&folder->throttled, &throttled))
        folder->throttled_ns = throttled * folder->version->throttled_unit_ns;
}

static void
read_some(Cgroup *cgroup, bool all, CgroupStats *ret_stats)
{
    CgroupStats stats = { ABSENT_U64, ABSENT_U64, ABSENT_U64, ABSENT_U64 };

    for (guint i = 0; i < cgroup->folders->len; i++) {
        Folder *folder = &g_array_index(cgroup->folders, Folder, i);

        read_folder(folder, all);
        stats.quota_percent = MIN(stats.quota_percent, folder->quota_percent);
        if (folder->throttled_ns != ABSENT_U64)
            stats.throttled_ns =
                (stats.throttled_ns == ABSENT_U64 ? 0 : stats.throttled_ns) + folder->throttled_ns;
    }
    kept_number_read(&cgroup->io_some_us, &stats.io_some_us);
    if (all)
        kept_number_read(&cgroup->memory_some_us, &cgroup->last_memory_some_us);
    stats.memory_some_us = cgroup->last_memory_some_us;
    *ret_stats = stats;
}

void
cgroup_read_all(Cgroup *cgroup, CgroupStats *ret_stats)
{
    read_some(cgroup, true, ret_stats);
}

void
cgroup_read(Cgroup *cgroup, CgroupStats *ret_stats)
{
    read_some(cgroup, false, ret_stats);
}
