/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/work.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/failure.h"
#include "guestprobe/known_loop.h"
#include "guestprobe/work_network.h"

/* Nothing of it is left in the folder: it has no name from the start. */
#define DISK_FILE "insideout-work-XXXXXX"

typedef struct {
    const char *name;
    bool (*begin)(Work *work, GError **error); /* NULL: needs nothing */
    bool (*unit)(Work *work, GError **error);
} Kind;

struct Work {
    const Kind *kind;
    char *buffer; /* of memory, disk and network */
    size_t at;    /* where memory and disk are in their round */
    int fd;       /* of the file, or of the connection; -1: none */
    pid_t echo;   /* the other end of the connection; 0: none */
};

static bool
unit_cpu(Work *work, GError **error)
{
    known_loop_branches(WORK_CPU_ROUNDS);
    return true;
}

static bool
begin_memory(Work *work, GError **error)
{
    work->buffer = g_try_malloc(WORK_MEMORY_BUFFER);
    if (!work->buffer)
        return failure_set(error, FAILURE_FAILED, "no memory for %u MiB of work",
                           WORK_MEMORY_BUFFER >> 20);
    memset(work->buffer, 1, WORK_MEMORY_BUFFER);
    return true;
}

/* From one half of the buffer into the other. */
static bool
unit_memory(Work *work, GError **error)
{
    memcpy(work->buffer + WORK_MEMORY_BUFFER / 2 + work->at, work->buffer + work->at,
           WORK_MEMORY_BYTES);
    work->at = (work->at + WORK_MEMORY_BYTES) % (WORK_MEMORY_BUFFER / 2);
    return true;
}

static bool
begin_disk(Work *work, GError **error)
{
    char name[] = DISK_FILE;

    work->buffer = g_malloc0(WORK_DISK_BYTES);
    work->fd = mkostemp(name, O_CLOEXEC);
    if (work->fd < 0)
        return failure_set_errno(error, errno, "making a file to write in the working folder");
    unlink(name);
    return true;
}

static bool
unit_disk(Work *work, GError **error)
{
    ssize_t n = pwrite(work->fd, work->buffer, WORK_DISK_BYTES, (off_t) work->at);

    if (n < 0 || fdatasync(work->fd) < 0)
        return failure_set_errno(error, errno, "writing to the disk");
    work->buffer[0]++;
    work->at = (work->at + WORK_DISK_BYTES) % WORK_DISK_FILE_BYTES;
    return true;
}

static bool
begin_network(Work *work, GError **error)
{
    work->buffer = g_malloc0(WORK_NETWORK_BYTES);
    return work_network_open(WORK_NETWORK_BYTES, &work->fd, &work->echo, error);
}

static bool
unit_network(Work *work, GError **error)
{
    return work_network_exchange(work->fd, work->buffer, WORK_NETWORK_BYTES, error);
}

static const Kind kinds[] = {
    { "cpu", NULL, unit_cpu },
    { "memory", begin_memory, unit_memory },
    { "disk", begin_disk, unit_disk },
    { "network", begin_network, unit_network },
};

const char *
work_kinds(void)
{
    return "cpu, memory, disk, network";
}

Work *
work_new(const char *kind, GError **error)
{
    g_autoptr(Work) work = g_new0(Work, 1);

    work->fd = -1;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_str_equal(kinds[i].name, kind))
            work->kind = &kinds[i];
    if (!work->kind) {
        failure_set(error, FAILURE_USAGE, "“%s” is no kind of work (want %s)", kind, work_kinds());
        return NULL;
    }
    if (work->kind->begin && !work->kind->begin(work, error)) {
        g_prefix_error(error, "work %s: ", kind);
        return NULL;
    }
    return g_steal_pointer(&work);
}

bool
work_do(Work *work, GError **error)
{
    if (work->kind->unit(work, error))
        return true;
    g_prefix_error(error, "work %s: ", work->kind->name);
    return false;
}

void
work_free(Work *work)
{
    if (!work)
        return;

    if (work->fd >= 0)
        close(work->fd);
    if (work->echo > 0) {
        kill(work->echo, SIGKILL);
        while (waitpid(work->echo, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    g_free(work->buffer);
    g_free(work);
}
