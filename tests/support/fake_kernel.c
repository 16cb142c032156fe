/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/fake_kernel.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#define FIRST_FD 1000
#define FIRST_ID 77

static int
fake_open(void *context, const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
    FakeKernel *fake = context;
    unsigned n = fake->n_opens++;

    fake->tid = tid;
    fake->cpu = cpu;
    fake->group_fd = group_fd;
    errno = n < EVENT_MAX && fake->open_errno[n]                    ? fake->open_errno[n]
            : fake->no_hardware && attr->type != PERF_TYPE_SOFTWARE ? ENOENT
                                                                    : 0;
    if (errno)
        return -1;
    fake->attrs[fake->n_open] = *attr;
    return FIRST_FD + (int) fake->n_open++;
}

/* An event's place in the record: the leader comes first always. */
static unsigned
event_at(const FakeKernel *fake, unsigned place)
{
    return fake->shuffle && place > 0 ? fake->n_open - place : place;
}

static ssize_t
fake_read(void *context, int fd, void *buffer, size_t size)
{
    const FakeKernel *fake = context;
    uint64_t record[3 + 2 * EVENT_MAX] = { fake->n_open, fake->enabled_ns, fake->running_ns };
    size_t length = (3 + 2 * (size_t) fake->n_open) * sizeof record[0];

    if (fake->read_errno || size < length) {
        errno = fake->read_errno ? fake->read_errno : ENOSPC;
        return -1;
    }
    for (unsigned i = 0; i < fake->n_open; i++) {
        record[3 + 2 * i] = fake->values[event_at(fake, i)];
        record[4 + 2 * i] = FIRST_ID + event_at(fake, i);
    }
    memcpy(buffer, record, length);
    return (ssize_t) length - fake->read_short;
}

static int
fake_ioctl(void *context, int fd, unsigned long request, unsigned long argument)
{
    FakeKernel *fake = context;

    if (fake->ioctl_errno) {
        errno = fake->ioctl_errno;
        return -1;
    }
    if (request == PERF_EVENT_IOC_ID)
        *(uint64_t *) argument = (uint64_t) (FIRST_ID + fd - FIRST_FD);
    fake->n_enables += request == PERF_EVENT_IOC_ENABLE;
    fake->n_disables += request == PERF_EVENT_IOC_DISABLE;
    return 0;
}

static int
fake_close(void *context, int fd)
{
    FakeKernel *fake = context;

    fake->n_open--;
    return 0;
}

void
fake_kernel_init(FakeKernel *fake)
{
    *fake = (FakeKernel){ .kernel = { .open = fake_open,
                                      .read = fake_read,
                                      .ioctl = fake_ioctl,
                                      .close = fake_close,
                                      .context = fake } };
}
