/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/record/disk_bound.h"

#define AT_ONCE 50  /* that part of the recorded time goes at a time */
#define LOG_SHARE 8 /* that part of the bound the log may take before it is emptied */

static bool
forget(DatasetWriter *writer, bool *ret_forgot, GError **error)
{
    int64_t first_ns, last_ns;

    *ret_forgot = false;
    if (!writer_span(writer, &first_ns, &last_ns, error))
        return false;
    if (first_ns < 0 || last_ns <= first_ns)
        return true;
    *ret_forgot = true;
    return writer_begin(writer, error) &&
           writer_forget_before(writer, first_ns + (last_ns - first_ns) / AT_ONCE + 1, error) &&
           writer_commit(writer, error);
}

bool
disk_bound_keep(DatasetWriter *writer, uint64_t max_bytes, bool ring, DiskVerdict *ret_verdict,
                GError **error)
{
    WriterDisk disk;
    bool forgot = false;

    *ret_verdict = DISK_ROOM;
    if (!writer_disk(writer, &disk, error))
        return false;
    for (int i = 0; ring && i < AT_ONCE && disk.used_bytes > max_bytes / 10 * 9; i++) {
        if (!forget(writer, &forgot, error) || !writer_disk(writer, &disk, error))
            return false;
        *ret_verdict = forgot ? DISK_FORGOT : DISK_FULL;
    }
    if ((forgot || disk.log_bytes > max_bytes / LOG_SHARE) &&
        (!writer_checkpoint(writer, error) || !writer_disk(writer, &disk, error)))
        return false;
    /* What was forgotten is written to the log first. */
    if (disk.disk_bytes >= max_bytes && (!ring || disk.log_bytes >= max_bytes / 4))
        *ret_verdict = DISK_FULL;
    return true;
}
