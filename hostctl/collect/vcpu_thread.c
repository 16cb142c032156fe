/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/vcpu_thread.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"
#include "common/base/text.h"

#define PATH_BYTES 64
#define STAT_BYTES 1024 /* 52 numbers and a name */

/* Places in /proc/PID/stat, counted from the name. */
enum { FIELD_THREADS = 18, FIELD_START = 20, FIELD_CPU = 37, N_FIELDS };

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

/* Fields are counted from behind the name, which may hold blanks and parentheses; they are cut
 * apart in place. */
static size_t
split_fields(char *text, const char *ret_fields[N_FIELDS])
{
    char *at = strrchr(text, ')');
    size_t n = 0;

    while (at && n < N_FIELDS) {
        *at++ = '\0';
        ret_fields[n++] = at;
        at = strchr(at, ' ');
    }
    if (at)
        *at = '\0';
    return n;
}

bool
thread_stat_read(const Sysroot *root, pid_t pid, pid_t tid, ThreadStat *ret_stat, GError **error)
{
    char path[PATH_BYTES], text[STAT_BYTES];
    const char *fields[N_FIELDS];
    autofd int fd = -1;
    uint64_t cpu;
    ssize_t n;

    g_snprintf(path, sizeof path, "proc/%d/task/%d/stat", pid, tid);
    fd = sysroot_open(root, path, error);
    if (fd < 0)
        return false;
    n = read(fd, text, sizeof text - 1); /* the kernel writes all of it at once */
    if (n < 0)
        return failure_set_errno(error, errno, "/%s", path);
    text[n] = '\0';
    n = (ssize_t) split_fields(text, fields);
    if (n <= FIELD_START || !text_to_u64(fields[FIELD_THREADS], &ret_stat->n_threads, NULL) ||
        !text_to_u64(fields[FIELD_START], &ret_stat->start_ticks, NULL))
        return failure_set(error, FAILURE_FAILED, "/%s: no start time in it", path);
    ret_stat->cpu = n > FIELD_CPU && text_to_u64(fields[FIELD_CPU], &cpu, NULL) && cpu <= INT_MAX
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
