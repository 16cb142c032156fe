/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What an OOM killer is told about us is not meant for the program. */
static void
forget_oom_protection(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    if (write(fd, "0", 1) < 0) {
        /* Lowering it took the right that raising it does not: this cannot be refused. */
    }
    close(fd);
}

static void
detach(pid_t parent)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    setsid();
    for (int fd = 0; fd <= 2 && null >= 0; fd++)
        dup2(null, fd);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127); /* it ended before we asked to be told */
}

static void
reset_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
add_environment(const char *const *env)
{
    for (; env && *env; env++)
        putenv((char *) *env); /* kept until exec, like the vector */
}

/* In the child: waits for the word, execs, or tells why it could not. */
static void
become_program(const ChildSpec *spec, pid_t parent, int go_fd, int result_fd)
{
    char word;
    int result;

    forget_oom_protection();
    reset_signals();
    if (spec->detached)
        detach(parent);
    add_environment(spec->env);
    if (read(go_fd, &word, 1) != 1)
        _exit(127);

    execvp(spec->argv[0], (char *const *) spec->argv);
    result = errno;
    if (write(result_fd, &result, sizeof result) < 0)
        _exit(126);
    _exit(127);
}

static void
close_pipe(int *fds)
{
    close(fds[0]);
    close(fds[1]);
}

int
child_fork(const ChildSpec *spec, Child *ret_child)
{
    int go[2], result[2], refusal;
    pid_t parent = getpid(), pid;

    if (pipe2(go, O_CLOEXEC) < 0)
        return errno;
    if (pipe2(result, O_CLOEXEC) < 0) {
        refusal = errno;
        close_pipe(go);
        return refusal;
    }

    pid = fork();
    if (pid < 0) {
        refusal = errno;
        close_pipe(go);
        close_pipe(result);
        return refusal;
    }
    if (pid == 0) {
        close(go[1]);
        close(result[0]);
        become_program(spec, parent, go[0], result[1]);
    }
    close(go[0]);
    close(result[1]);
    *ret_child = (Child){ .pid = pid, .go_fd = go[1], .result_fd = result[0] };
    return 0;
}

static void
reap(Child *child)
{
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    child->pid = 0;
}

int
child_exec(Child *child)
{
    int result = 0;
    ssize_t n = write(child->go_fd, "", 1);

    close(child->go_fd);
    do
        n = n < 0 && errno != EINTR ? 0 : read(child->result_fd, &result, sizeof result);
    while (n < 0 && errno == EINTR);
    close(child->result_fd);
    if (n != sizeof result)
        return 0; /* exec closed the pipe */
    reap(child);
    return result;
}

void
child_cancel(Child *child)
{
    close(child->go_fd);
    close(child->result_fd);
    reap(child);
}

int
child_exit_code(int wait_status)
{
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}
