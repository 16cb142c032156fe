/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/pressure.h"

#include <stddef.h>
#include <string.h>

#include "common/base/failure.h"
#include "common/base/text.h"

static const struct {
    const char *resource;
    const char *line;
    size_t offset;
} fields[] = {
    { "cpu", "some ", offsetof(PressureStats, cpu_some_us) },
    { "memory", "some ", offsetof(PressureStats, memory_some_us) },
    { "memory", "full ", offsetof(PressureStats, memory_full_us) },
    { "io", "some ", offsetof(PressureStats, io_some_us) },
    { "io", "full ", offsetof(PressureStats, io_full_us) },
};

/* The total of the line "some avg10=0.00 avg60=0.00 avg300=0.00 total=123". */
static bool
parse_total(const char *text, const char *line, uint64_t *ret_total_us)
{
    static const char key[] = " total=";
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **at = lines; *at; at++) {
        const char *total = strstr(*at, key);

        if (g_str_has_prefix(*at, line) && total)
            return text_to_u64(total + strlen(key), ret_total_us, NULL);
    }
    return false;
}

static bool
read_files(const Sysroot *root, const char *prefix, const char *suffix, PressureStats *ret_stats,
           GError **error)
{
    PressureStats stats = { 0 };

    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        g_autofree char *path = g_strconcat(prefix, "/", fields[i].resource, suffix, NULL);
        uint64_t *field = (uint64_t *) ((char *) &stats + fields[i].offset);
        g_autofree char *text = NULL;

        /* With psi=0 the files are there, and reading them fails. */
        if (!sysroot_read(root, path, &text, NULL))
            return failure_set(error, FAILURE_UNSUPPORTED,
                               "/%s cannot be read: no pressure stall information (kernel option"
                               " psi=1)",
                               path);
        if (!parse_total(text, fields[i].line, field))
            return failure_set(error, FAILURE_FAILED, "/%s: no “%s… total=” in it", path,
                               fields[i].line);
    }

    *ret_stats = stats;
    return true;
}

bool
pressure_read(const Sysroot *root, PressureStats *ret_stats, GError **error)
{
    return read_files(root, "proc/pressure", "", ret_stats, error);
}

bool
pressure_read_cgroup(const Sysroot *root, const char *cgroup, PressureStats *ret_stats,
                     GError **error)
{
    return read_files(root, cgroup, ".pressure", ret_stats, error);
}
