/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/work_count.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/wire/message.h"

static uint64_t *
map(int fd)
{
    void *memory = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

/* Not closed by exec(3): that is how the load gets it. */
bool
work_count_make(WorkCount *ret_count)
{
    int fd = memfd_create("insideout-work", 0);

    if (fd < 0)
        return false;
    if (ftruncate(fd, sizeof(uint64_t)) < 0 || !(ret_count->units = map(fd))) {
        int problem = errno;

        close(fd);
        errno = problem;
        return false;
    }
    ret_count->fd = fd;
    ret_count->variable = g_strdup_printf(WORK_COUNT_VARIABLE "=%d", fd);
    work_count_reset(ret_count);
    return true;
}

void
work_count_free(WorkCount *count)
{
    if (!count->units)
        return;

    munmap(count->units, sizeof *count->units);
    close(count->fd);
    g_free(count->variable);
    *count = (WorkCount){ 0 };
}

void
work_count_reset(WorkCount *count)
{
    __atomic_store_n(count->units, WIRE_WORK_NOT_TOLD, __ATOMIC_RELAXED);
}

uint64_t
work_count_read(const WorkCount *count)
{
    return __atomic_load_n(count->units, __ATOMIC_RELAXED);
}

uint64_t *
work_count_found(void)
{
    const char *text = getenv(WORK_COUNT_VARIABLE);
    struct stat file;
    uint64_t fd, *units;

    if (!text || !text_to_u64(text, &fd, NULL) || fd > INT_MAX || fstat((int) fd, &file) < 0 ||
        file.st_size < (off_t) sizeof *units)
        return NULL;
    units = map((int) fd);
    if (units)
        __atomic_store_n(units, 0, __ATOMIC_RELAXED);
    return units;
}
