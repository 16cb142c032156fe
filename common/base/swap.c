/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/swap.h"

#include <string.h>
#include <unistd.h>

#include "common/base/text.h"

/* The number behind a key at the begin of a line. */
static uint64_t
number_of(const char *text, const char *key)
{
    size_t length = strlen(key);

    for (const char *line = text; line; line = strchr(line, '\n')) {
        g_autofree char *digits = NULL;
        uint64_t number;

        line += *line == '\n';
        if (strncmp(line, key, length) != 0)
            continue;
        line += length;
        line += strspn(line, " \t");
        digits = g_strndup(line, strspn(line, "0123456789"));
        return text_to_u64(digits, &number, NULL) ? number : ABSENT_U64;
    }
    return ABSENT_U64;
}

static uint64_t
pages_to_kib(uint64_t pages)
{
    uint64_t page_kib = (uint64_t) sysconf(_SC_PAGESIZE) / 1024;

    return pages > UINT64_MAX / page_kib ? ABSENT_U64 : pages * page_kib;
}

SwapStats
swap_read(const Sysroot *root)
{
    SwapStats swap = { ABSENT_U64, ABSENT_U64, ABSENT_U64, ABSENT_U64 };
    g_autofree char *meminfo = NULL;
    g_autofree char *vmstat = NULL;

    if (sysroot_read(root, "proc/meminfo", &meminfo, NULL)) {
        uint64_t free_kib = number_of(meminfo, "SwapFree:");

        swap.total_kib = number_of(meminfo, "SwapTotal:");
        if (swap.total_kib != ABSENT_U64 && free_kib <= swap.total_kib)
            swap.used_kib = swap.total_kib - free_kib;
    }
    if (sysroot_read(root, "proc/vmstat", &vmstat, NULL)) {
        swap.in_kib = pages_to_kib(number_of(vmstat, "pswpin "));
        swap.out_kib = pages_to_kib(number_of(vmstat, "pswpout "));
    }
    return swap;
}
