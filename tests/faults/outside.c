/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preloaded into hostctl by scripts/faults: a wall clock that is stepped, and a disk that is slow,
 * without doing either to the machine. What happens from when on is said by files:
 *
 *   $OUTSIDE/clock-is-stepped    CLOCK_REALTIME is an hour behind
 *   $OUTSIDE/disk-is-slow        each write at a place of a file takes 80 ms
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define STEP_SECONDS 3600
#define SLOW_US 80000

static int
happens(const char *what)
{
    const char *folder = getenv("OUTSIDE");
    char path[4096];

    if (!folder)
        return 0;
    snprintf(path, sizeof path, "%s/%s", folder, what);
    return access(path, F_OK) == 0;
}

int
clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    int failed = (int) syscall(SYS_clock_gettime, clock, ret_time);

    if (!failed && clock == CLOCK_REALTIME && happens("clock-is-stepped"))
        ret_time->tv_sec -= STEP_SECONDS;
    return failed;
}

static ssize_t
write_slowly(int fd, const void *bytes, size_t length, off_t at)
{
    if (happens("disk-is-slow"))
        usleep(SLOW_US);
    return syscall(SYS_pwrite64, fd, bytes, length, at);
}

/* By the names that a program links to, whatever off_t is where this is compiled. */
ssize_t slow_pwrite(int fd, const void *bytes, size_t length, off_t at) __asm__("pwrite");
ssize_t slow_pwrite64(int fd, const void *bytes, size_t length, off_t at) __asm__("pwrite64");

ssize_t
slow_pwrite(int fd, const void *bytes, size_t length, off_t at)
{
    return write_slowly(fd, bytes, length, at);
}

ssize_t
slow_pwrite64(int fd, const void *bytes, size_t length, off_t at)
{
    return write_slowly(fd, bytes, length, at);
}
