/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The least that a program on the scheduler's tracepoints can cost: empty_bpf COMMAND…
 *
 * Prints one JSON object: how long programs that do nothing ran in the kernel, at the tracepoints
 * that blame uses, while the command ran, how often, and the busy time of all CPUs meanwhile.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/busy.h"
#include "common/base/failure.h"

static const char *const tracepoints[] = { "sched_switch", "sched_migrate_task",
                                           "sched_process_exit" };

typedef struct {
    int programs[G_N_ELEMENTS(tracepoints)];
} Empty;

/* r0 = 0; exit */
static bool
attach(Empty *empty, GError **error)
{
    static const struct bpf_insn nothing[] = {
        { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
        { .code = BPF_JMP | BPF_EXIT },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(tracepoints); i++) {
        empty->programs[i] = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "empty", "GPL", nothing,
                                           G_N_ELEMENTS(nothing), NULL);
        if (empty->programs[i] < 0 ||
            bpf_raw_tracepoint_open(tracepoints[i], empty->programs[i]) < 0)
            return failure_set_errno(error, errno, "a program at %s", tracepoints[i]);
    }
    return true;
}

static bool
read_cost(const Empty *empty, uint64_t *ret_run_ns, uint64_t *ret_calls, GError **error)
{
    *ret_run_ns = *ret_calls = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(tracepoints); i++) {
        struct bpf_prog_info info = { 0 };
        uint32_t size = sizeof info;

        if (bpf_obj_get_info_by_fd(empty->programs[i], &info, &size) < 0)
            return failure_set_errno(error, errno, "asking what a program cost");
        *ret_run_ns += info.run_time_ns;
        *ret_calls += info.run_cnt;
    }
    return true;
}

static bool
measure(const Sysroot *root, char **command, GError **error)
{
    g_autoptr(CpuTimes) times = cpu_times_new(root, error);
    uint64_t run_ns, calls, begin_ns;
    Empty empty;
    int status;

    if (!times || !attach(&empty, error))
        return false;
    if (bpf_enable_stats(BPF_STATS_RUN_TIME) < 0)
        return failure_set_errno(error, errno, "counting what BPF programs cost");
    begin_ns = busy_ns(times);
    if (!g_spawn_sync(NULL, command, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL,
                      NULL, NULL, NULL, &status, error) ||
        !g_spawn_check_wait_status(status, error) || !read_cost(&empty, &run_ns, &calls, error))
        return false;
    printf("{\"bpf_run_ns\": %ju, \"bpf_calls\": %ju, \"busy_ns\": %ju}\n", (uintmax_t) run_ns,
           (uintmax_t) calls, (uintmax_t) (busy_ns(times) - begin_ns));
    return true;
}

int
main(int argc, char **argv)
{
    g_autoptr(Sysroot) root = sysroot_new("/");
    g_autoptr(GError) error = NULL;

    if (argc < 2) {
        fprintf(stderr, "Usage: empty_bpf COMMAND [ARGUMENT…]\n");
        return 2;
    }
    if (measure(root, argv + 1, &error))
        return 0;
    fprintf(stderr, "empty_bpf: %s\n", error->message);
    return 1;
}
