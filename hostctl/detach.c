/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"

#define READY "ready"
#define MESSAGE_MAX 2000

static bool
read_answer(int fd, pid_t child, GError **error)
{
    char text[MESSAGE_MAX + 1];
    size_t length = 0;
    ssize_t n;

    while (length < MESSAGE_MAX &&
           ((n = read(fd, text + length, MESSAGE_MAX - length)) > 0 || (n < 0 && errno == EINTR)))
        length += n > 0 ? (size_t) n : 0;
    text[length] = '\0';
    waitpid(child, NULL, 0);
    if (g_str_equal(text, READY))
        return true;
    return failure_set(error, FAILURE_FAILED, "%s",
                       length ? text : "the detached process ended without a word");
}

/* Standard input from nowhere, both outputs into the log. */
static bool
leave_terminal(const char *log_path)
{
    autofd int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    autofd int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640);

    return nothing >= 0 && log >= 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
           dup2(log, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0;
}

/* The middle process leads the session and ends, so that no terminal can be got again. */
static void
become_orphan(const char *log_path, int fd)
{
    pid_t last;

    if (setsid() < 0 || (last = fork()) < 0)
        _exit(1);
    if (last > 0)
        _exit(0);
    if (!leave_terminal(log_path)) {
        dprintf(fd, "%s: %s", log_path, g_strerror(errno));
        _exit(1);
    }
}

bool
detach_fork(const char *log_path, Detach *ret_detach, GError **error)
{
    int ends[2];
    pid_t child;

    fflush(NULL);
    if (pipe2(ends, O_CLOEXEC) < 0)
        return failure_set_errno(error, errno, "pipe");
    child = fork();
    if (child < 0) {
        close(ends[0]);
        close(ends[1]);
        return failure_set_errno(error, errno, "fork");
    }
    if (child == 0) {
        close(ends[0]);
        become_orphan(log_path, ends[1]);
        *ret_detach = (Detach){ .parent = false, .ready_fd = ends[1] };
        return true;
    }
    close(ends[1]);
    *ret_detach = (Detach){ .parent = true, .ready_fd = -1 };
    {
        autofd int answer = ends[0];

        return read_answer(answer, child, error);
    }
}

void
detach_ready(Detach *detach, const GError *problem)
{
    const char *text = problem ? problem->message : READY;
    ssize_t ignored = write(detach->ready_fd, text, MIN(strlen(text), MESSAGE_MAX));

    (void) ignored;
    close(detach->ready_fd);
    detach->ready_fd = -1;
}
