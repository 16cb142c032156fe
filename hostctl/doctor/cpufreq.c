/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/doctor/cpufreq.h"

#include "hostctl/doctor/finding.h"

CpufreqTurbo
cpufreq_turbo(const Sysroot *root)
{
    uint64_t value;

    if (tree_number(root, CPUFREQ_NO_TURBO, &value))
        return value ? CPUFREQ_TURBO_OFF : CPUFREQ_TURBO_ON;
    if (tree_number(root, CPUFREQ_BOOST, &value))
        return value ? CPUFREQ_TURBO_ON : CPUFREQ_TURBO_OFF;
    return CPUFREQ_TURBO_UNTOLD;
}

char **
cpufreq_governor_files(const Sysroot *root)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new();
    g_auto(GStrv) names = NULL;

    if (sysroot_list(root, CPUFREQ_DIR, &names, NULL))
        for (char **name = names; *name; name++) {
            g_autofree char *path = g_build_filename(CPUFREQ_DIR, *name, "scaling_governor", NULL);

            if (g_str_has_prefix(*name, "policy") && sysroot_exists(root, path))
                g_ptr_array_add(files, g_steal_pointer(&path));
        }
    g_ptr_array_add(files, NULL);
    return (char **) g_ptr_array_free(g_steal_pointer(&files), FALSE);
}

/* The highest listed clock up to `wanted`; `wanted` where nothing is listed. */
static uint64_t
listed_khz(const Sysroot *root, const char *policy, uint64_t wanted, uint64_t lowest)
{
    g_autofree char *path =
        g_build_filename(CPUFREQ_DIR, policy, "scaling_available_frequencies", NULL);
    g_autofree char *text = NULL;
    g_auto(GStrv) words = NULL;
    uint64_t best = lowest;

    if (!sysroot_read(root, path, &text, NULL))
        return wanted;
    words = g_strsplit_set(text, " \n", -1);
    for (char **word = words; *word; word++) {
        uint64_t khz = g_ascii_strtoull(*word, NULL, 10);

        if (khz > best && khz <= wanted)
            best = khz;
    }
    return best;
}

bool
cpufreq_limit_khz(const Sysroot *root, const char *policy, unsigned percent, uint64_t *ret_khz)
{
    g_autofree char *highest_path = g_build_filename(CPUFREQ_DIR, policy, "cpuinfo_max_freq", NULL);
    g_autofree char *lowest_path = g_build_filename(CPUFREQ_DIR, policy, "cpuinfo_min_freq", NULL);
    uint64_t highest, lowest;

    if (!tree_number(root, highest_path, &highest) || !tree_number(root, lowest_path, &lowest))
        return false;
    *ret_khz = listed_khz(root, policy, MAX(lowest, highest / 100 * percent), lowest);
    return true;
}

char *
cpufreq_governors(const Sysroot *root)
{
    g_auto(GStrv) files = cpufreq_governor_files(root);
    g_autoptr(GPtrArray) seen = g_ptr_array_new_with_free_func(g_free);

    for (char **file = files; *file; file++) {
        g_autofree char *governor = tree_word(root, *file);

        if (governor && !g_ptr_array_find_with_equal_func(seen, governor, g_str_equal, NULL))
            g_ptr_array_add(seen, g_steal_pointer(&governor));
    }
    if (seen->len == 0)
        return NULL;
    g_ptr_array_add(seen, NULL);
    return g_strjoinv(", ", (char **) seen->pdata);
}
