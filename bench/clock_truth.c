/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs as a load in a guest of the lab and finds how far its TSC is ahead of the host's: the least
 * of (own TSC - the host's TSC stamped into the counter page) over all readings, since a stamp is
 * never newer than its reading. Under TCG both tick alike. The number is left in the shared page at
 * CLOCK_TRUTH_OFFSET, behind everything the page's layout uses, where the host reads it.
 */
#include <fcntl.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include <x86intrin.h>

#include "emupmu/page.h"

#define CLOCK_TRUTH_OFFSET (512 * 1024)
#define BEHIND_PUBLICATIONS 64 /* the first ones race with the guest's own start */

static EmupmuPage *
map_page(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    EmupmuPage *page = MAP_FAILED;

    if (fd >= 0)
        page = mmap(NULL, EMUPMU_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    if (page == MAP_FAILED)
        return NULL;
    if (page->header.magic == EMUPMU_PAGE_MAGIC)
        return page;
    munmap(page, EMUPMU_PAGE_BYTES);
    return NULL;
}

static EmupmuPage *
find_page(void)
{
    glob_t found;
    EmupmuPage *page = NULL;

    if (glob("/sys/bus/pci/devices/*/resource2", 0, NULL, &found) != 0)
        return NULL;
    for (size_t i = 0; i < found.gl_pathc && !page; i++)
        page = map_page(found.gl_pathv[i]);
    globfree(&found);
    return page;
}

static void
watch(const EmupmuSlot *slot, int64_t *ahead)
{
    int64_t least = INT64_MAX;

    for (;;) {
        uint64_t sequence = __atomic_load_n(&slot->sequence, __ATOMIC_ACQUIRE);
        uint64_t stamp = __atomic_load_n(&slot->copy[sequence & 1].host_tsc, __ATOMIC_RELAXED);
        uint64_t now = __rdtsc();

        if (sequence < BEHIND_PUBLICATIONS ||
            __atomic_load_n(&slot->sequence, __ATOMIC_ACQUIRE) != sequence ||
            (int64_t) (now - stamp) >= least)
            continue;
        least = (int64_t) (now - stamp);
        __atomic_store_n(ahead, least, __ATOMIC_RELEASE);
    }
}

int
main(void)
{
    EmupmuPage *page = find_page();

    if (!page) {
        fprintf(stderr, "clock_truth: no counter page in this guest\n");
        return 1;
    }
    watch(&page->slot[0], (int64_t *) ((char *) page + CLOCK_TRUTH_OFFSET));
}
