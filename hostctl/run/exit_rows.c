/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/exit_rows.h"

bool
exit_rows_write(DatasetWriter *writer, const Exits *exits, pid_t thread, const SampleKey *key,
                GError **error)
{
    const ExitSum *sums;
    guint n;

    sums = exits_of(exits, thread, &n);
    for (guint i = 0; i < n; i++) {
        char name[EXIT_REASON_BYTES];
        const ExitSampleRow row = {
            .key = *key,
            .reason = exit_reason_name(sums[i].isa, sums[i].reason, name),
            .count = sums[i].count,
            .time_ns = sums[i].time_ns,
        };

        if (!writer_exit_sample(writer, &row, error))
            return false;
    }
    return true;
}

char *
exit_rows_missed(const Exits *exits, uint64_t *seen)
{
    uint64_t missed = exits_missed(exits), grown = missed - *seen;

    *seen = missed;
    return grown == 0 ? NULL
                      : g_strdup_printf("%" G_GUINT64_FORMAT " VM exits and entries of this host "
                                        "were not counted: another BPF program was at work",
                                        grown);
}
