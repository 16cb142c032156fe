/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/cpuset.h"

#include "common/base/failure.h"
#include "common/base/text.h"

static bool
parse_range(const char *range, cpu_set_t *set)
{
    g_auto(GStrv) ends = g_strsplit(range, "-", 3);
    guint n = g_strv_length(ends);
    uint64_t first, last;

    if (n < 1 || n > 2 || !text_to_u64(ends[0], &first, NULL))
        return false;
    last = first;
    if (n == 2 && !text_to_u64(ends[1], &last, NULL))
        return false;
    if (last < first || last >= CPU_SETSIZE)
        return false;

    for (uint64_t cpu = first; cpu <= last; cpu++)
        CPU_SET(cpu, set);
    return true;
}

bool
cpuset_parse(const char *list, cpu_set_t *ret_set, GError **error)
{
    g_auto(GStrv) ranges = g_strsplit(list, ",", -1);
    cpu_set_t set;

    CPU_ZERO(&set);
    for (char **range = ranges; *range; range++)
        if (!parse_range(g_strstrip(*range), &set))
            return failure_set(error, FAILURE_FAILED,
                               "“%s” is not a CPU list (want for example 0-3,8)", list);
    if (CPU_COUNT(&set) == 0)
        return failure_set(error, FAILURE_FAILED, "the CPU list is empty");

    *ret_set = set;
    return true;
}

char *
cpuset_format(const cpu_set_t *set)
{
    GString *out = g_string_new(NULL);

    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        int last = cpu;

        if (!CPU_ISSET(cpu, set))
            continue;
        while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, set))
            last++;
        g_string_append_printf(out, out->len ? ",%d" : "%d", cpu);
        if (last > cpu)
            g_string_append_printf(out, "-%d", last);
        cpu = last;
    }
    return g_string_free(out, FALSE);
}
