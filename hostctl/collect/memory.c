/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/memory.h"

#include <string.h>

#include "common/base/failure.h"
#include "common/base/text.h"

/* The number in a line "Key:   123 kB". */
static bool
find_kib(const char *path, const char *text, const char *key, uint64_t *ret_kib, GError **error)
{
    const char *line = g_str_has_prefix(text, key) ? text : NULL;
    g_autofree char *needle = g_strdup_printf("\n%s", key);
    g_autofree char *number = NULL;

    if (!line && (line = strstr(text, needle)))
        line++;
    if (line) {
        line += strlen(key);
        line += strspn(line, " \t");
        number = g_strndup(line, strspn(line, "0123456789"));
    }
    if (!number || !text_to_u64(number, ret_kib, NULL))
        return failure_set(error, FAILURE_FAILED, "/%s: no number for “%s” in it", path, key);
    return true;
}

bool
memory_read(const Sysroot *root, MemoryStats *ret_stats, GError **error)
{
    static const char path[] = "proc/meminfo";
    g_autofree char *text = NULL;
    MemoryStats stats;
    uint64_t swap_free_kib;

    if (!sysroot_read(root, path, &text, error) ||
        !find_kib(path, text, "MemTotal:", &stats.total_kib, error) ||
        !find_kib(path, text, "MemAvailable:", &stats.available_kib, error) ||
        !find_kib(path, text, "SwapTotal:", &stats.swap_total_kib, error) ||
        !find_kib(path, text, "SwapFree:", &swap_free_kib, error))
        return false;

    stats.swap_used_kib = stats.swap_total_kib - MIN(swap_free_kib, stats.swap_total_kib);
    *ret_stats = stats;
    return true;
}

bool
memory_open_rss(const Sysroot *root, pid_t pid, KeptNumber *ret_rss_kib)
{
    g_autofree char *path = g_strdup_printf("proc/%d/status", pid);

    return kept_number_open(root, path, "VmRSS:", ret_rss_kib);
}
