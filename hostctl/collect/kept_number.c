/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/kept_number.h"

#include <string.h>
#include <unistd.h>

#define TEXT_BYTES 4096 /* a process's status has up to 2 KiB */

bool
kept_number_open(const Sysroot *root, const char *path, const char *before, KeptNumber *ret_number)
{
    *ret_number = (KeptNumber){ .fd = sysroot_open(root, path, NULL), .before = before };
    return ret_number->fd >= 0;
}

void
kept_number_close(KeptNumber *number)
{
    if (number->fd >= 0)
        close(number->fd);
    *number = KEPT_NUMBER_CLOSED;
}

bool
kept_number_read(const KeptNumber *number, uint64_t *ret_value)
{
    char text[TEXT_BYTES];
    ssize_t n = number->fd < 0 ? 0 : pread(number->fd, text, sizeof text - 1, 0);
    uint64_t value = 0;
    const char *at, *first;

    if (n <= 0)
        return false;
    text[n] = '\0';
    at = strstr(text, number->before);
    if (!at)
        return false;
    at += strlen(number->before);
    first = at += strspn(at, ": \t");
    for (; g_ascii_isdigit(*at); at++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t) (*at - '0'), &value))
            return false;
    if (at == first)
        return false;

    *ret_value = value;
    return true;
}
