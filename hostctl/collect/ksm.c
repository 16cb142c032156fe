/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/ksm.h"

#include <stddef.h>
#include <string.h>

#include "common/base/failure.h"
#include "common/base/text.h"

static const struct {
    const char *name;
    size_t offset;
    bool required;
} numbers[] = {
    { "run", offsetof(KsmStats, run), true },
    { "pages_to_scan", offsetof(KsmStats, pages_to_scan), false },
    { "sleep_millisecs", offsetof(KsmStats, sleep_millisecs), false },
    { "merge_across_nodes", offsetof(KsmStats, merge_across_nodes), false },
    { "use_zero_pages", offsetof(KsmStats, use_zero_pages), false },
    { "max_page_sharing", offsetof(KsmStats, max_page_sharing), false },
    { "smart_scan", offsetof(KsmStats, smart_scan), false },
    { "pages_shared", offsetof(KsmStats, pages_shared), true },
    { "pages_sharing", offsetof(KsmStats, pages_sharing), true },
    { "pages_unshared", offsetof(KsmStats, pages_unshared), true },
    { "pages_volatile", offsetof(KsmStats, pages_volatile), true },
    { "pages_scanned", offsetof(KsmStats, pages_scanned), false },
    { "pages_skipped", offsetof(KsmStats, pages_skipped), false },
    { "full_scans", offsetof(KsmStats, full_scans), true },
    { "stable_node_chains", offsetof(KsmStats, stable_node_chains), false },
    { "stable_node_dups", offsetof(KsmStats, stable_node_dups), false },
    { "ksm_zero_pages", offsetof(KsmStats, ksm_zero_pages), false },
};

/* "[none] scan-time" -> "none". */
static void
read_advisor_mode(const Sysroot *root, KsmStats *stats)
{
    g_autofree char *text = NULL;
    char *open, *close;

    if (!sysroot_read(root, KSM_DIR "/advisor_mode", &text, NULL))
        return;
    open = strchr(text, '[');
    close = open ? strchr(open, ']') : NULL;
    if (!close)
        return;
    *close = '\0';
    g_strlcpy(stats->advisor_mode, open + 1, sizeof stats->advisor_mode);
}

bool
ksm_read(const Sysroot *root, KsmStats *ret_stats, GError **error)
{
    KsmStats stats = { .general_profit_bytes = ABSENT_I64 };
    g_autofree char *profit = NULL;

    if (!sysroot_exists(root, KSM_DIR))
        return failure_set(error, FAILURE_UNSUPPORTED,
                           "this kernel shares no pages: /" KSM_DIR " is missing (CONFIG_KSM)");

    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autofree char *path = g_strdup_printf(KSM_DIR "/%s", numbers[i].name);
        uint64_t *number = (uint64_t *) ((char *) &stats + numbers[i].offset);

        *number = ABSENT_U64;
        if ((numbers[i].required || sysroot_exists(root, path)) &&
            !sysroot_read_u64(root, path, number, error))
            return false;
    }
    read_advisor_mode(root, &stats);
    if (sysroot_read(root, KSM_DIR "/general_profit", &profit, NULL) &&
        !text_to_i64(profit, &stats.general_profit_bytes, error)) {
        g_prefix_error(error, "/" KSM_DIR "/general_profit: ");
        return false;
    }

    *ret_stats = stats;
    return true;
}

bool
ksm_open_process(const Sysroot *root, pid_t pid, KeptNumber *ret_merging_pages)
{
    g_autofree char *all = g_strdup_printf("proc/%d/ksm_stat", pid);
    g_autofree char *single = g_strdup_printf("proc/%d/ksm_merging_pages", pid);
    uint64_t pages;

    /* Linux 6.1 has the one number in a file of its own only, and a ksm_stat without it. */
    if (kept_number_open(root, all, "ksm_merging_pages", ret_merging_pages)) {
        if (kept_number_read(ret_merging_pages, &pages))
            return true;
        kept_number_close(ret_merging_pages);
    }
    return kept_number_open(root, single, "", ret_merging_pages);
}

/* A kernel thread has no arguments; anybody may call a process "ksmd". */
static bool
is_kernel_thread(const Sysroot *root, const char *pid)
{
    g_autofree char *path = g_strdup_printf("proc/%s/cmdline", pid);
    g_autofree char *text = NULL;

    return sysroot_read(root, path, &text, NULL) && *text == '\0';
}

pid_t
ksm_daemon_pid(const Sysroot *root)
{
    g_auto(GStrv) names = NULL;

    if (!sysroot_list(root, "proc", &names, NULL))
        return 0;
    for (char **name = names; *name; name++) {
        g_autofree char *path = g_strdup_printf("proc/%s/comm", *name);
        g_autofree char *comm = NULL;
        uint64_t pid;

        if (text_to_u64(*name, &pid, NULL) && sysroot_read(root, path, &comm, NULL) &&
            g_str_equal(comm, "ksmd") && is_kernel_thread(root, *name))
            return pid;
    }
    return 0;
}
