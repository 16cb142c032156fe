/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/vcpu_thread.h"

#include <string.h>

#include "common/base/failure.h"
#include "common/base/text.h"

bool
vcpu_thread_parse_name(const char *name, unsigned *ret_vcpu, bool *ret_tcg)
{
    const char *digits = name + strlen("CPU ");
    g_autofree char *number = NULL;
    const char *slash;
    uint64_t vcpu;

    if (!g_str_has_prefix(name, "CPU ") || !(slash = strchr(digits, '/')))
        return false;
    number = g_strndup(digits, slash - digits);
    if (!text_to_u64(number, &vcpu, NULL) || vcpu > UINT16_MAX || (*digits == '0' && vcpu > 0) ||
        (vcpu == 0 && slash != digits + 1))
        return false;
    if (!g_str_equal(slash, "/KVM") && !g_str_equal(slash, "/TCG"))
        return false;

    *ret_vcpu = vcpu;
    *ret_tcg = g_str_equal(slash, "/TCG");
    return true;
}

bool
thread_stat_read(const Sysroot *root, pid_t pid, pid_t tid, ThreadStat *ret_stat, GError **error)
{
    g_autofree char *path = g_strdup_printf("proc/%d/task/%d/stat", pid, tid);
    g_autofree char *text = NULL;
    g_auto(GStrv) fields = NULL;
    const char *after_name;
    uint64_t cpu;

    if (!sysroot_read(root, path, &text, error))
        return false;

    /* The name may hold blanks and parentheses: fields count from the last one. */
    after_name = strrchr(text, ')');
    if (after_name)
        fields = g_strsplit(after_name + 1, " ", 39);
    if (!fields || g_strv_length(fields) < 21 ||
        !text_to_u64(fields[18], &ret_stat->n_threads, NULL) ||
        !text_to_u64(fields[20], &ret_stat->start_ticks, NULL))
        return failure_set(error, FAILURE_FAILED, "/%s: no start time in it", path);
    ret_stat->cpu =
        g_strv_length(fields) > 37 && text_to_u64(fields[37], &cpu, NULL) && cpu <= INT_MAX
            ? (int) cpu
            : -1;
    return true;
}

bool
thread_start_ticks(const Sysroot *root, pid_t pid, pid_t tid, uint64_t *ret_ticks, GError **error)
{
    ThreadStat stat;

    if (!thread_stat_read(root, pid, tid, &stat, error))
        return false;
    *ret_ticks = stat.start_ticks;
    return true;
}
