/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emupmu/shared_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Never O_CREAT on a file that may exist: in a sticky folder like /dev/shm fs.protected_regular
 * refuses that when the file is another user's, whatever its mode says.
 */
static int
open_or_make(const char *path, mode_t mode)
{
    const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;

    for (int i = 0; i < 8; i++) {
        int fd = open(path, flags);

        if (fd >= 0 || errno != ENOENT)
            return fd;
        fd = open(path, flags | O_CREAT | O_EXCL, mode);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

static bool
make_long_enough(int fd, size_t size)
{
    struct stat status;

    if (fstat(fd, &status) < 0)
        return false;
    if (!S_ISREG(status.st_mode)) {
        errno = EINVAL;
        return false;
    }
    return (size_t) status.st_size >= size || ftruncate(fd, (off_t) size) == 0;
}

void *
shared_file_map(const char *path, size_t size, mode_t mode)
{
    void *memory = MAP_FAILED;
    int fd = open_or_make(path, mode);
    int saved_errno;

    if (fd < 0)
        return NULL;
    if (make_long_enough(fd, size))
        memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    saved_errno = errno;
    close(fd);
    errno = saved_errno;
    return memory == MAP_FAILED ? NULL : memory;
}
