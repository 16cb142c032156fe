/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/profile/perf_command.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/clock.h"
#include "common/base/failure.h"
#include "hostctl/shell_words.h"

#define GRACE_NS (60 * NS_PER_SECOND)

/* What both commands begin with: options of `perf kvm` stand before its verb. */
static void
add_symbols(GStrvBuilder *words, const PerfCommand *command)
{
    g_autofree char *kallsyms = g_strconcat("--guestkallsyms=", command->kallsyms, NULL);
    g_autofree char *modules = g_strconcat("--guestmodules=", command->modules, NULL);

    g_strv_builder_add_many(words, "kvm", "--guest", kallsyms, modules, NULL);
}

char **
perf_command_record(const PerfCommand *command, const char *program)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_autofree char *pid = g_strdup_printf("%d", (int) command->pid);
    char seconds[G_ASCII_DTOSTR_BUF_SIZE];

    g_ascii_formatd(seconds, sizeof seconds, "%.3f", command->seconds);
    g_strv_builder_add(words, program);
    add_symbols(words, command);
    g_strv_builder_add_many(words, "record", "-e", command->event, "-p", pid, "-o", command->data,
                            "--", "sleep", seconds, NULL);
    return g_strv_builder_end(words);
}

char *
perf_command_report(const PerfCommand *command)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_auto(GStrv) argv = NULL;
    GString *text = g_string_new("perf");

    add_symbols(words, command);
    g_strv_builder_add_many(words, "report", "-i", command->data, NULL);
    argv = g_strv_builder_end(words);
    for (char **word = argv; *word; word++)
        shell_words_append(text, *word);
    return g_string_free(text, FALSE);
}

/* Between fork and exec. */
static void
end_with_parent(void *parent)
{
    dup2(STDERR_FILENO, STDOUT_FILENO);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != GPOINTER_TO_INT(parent))
        _exit(127);
}

/*
 * True when it has ended. False when it does not end although it was told to. *ret_told: the
 * signal that it was told.
 */
static bool
wait_for(pid_t pid, const Interrupt *interrupt, int *ret_status, int *ret_told)
{
    autofd int ended = (int) syscall(SYS_pidfd_open, pid, 0); /* -1: it is looked for each second */
    int64_t give_up_ns = INT64_MAX;
    int told = 0;

    while (waitpid(pid, ret_status, WNOHANG) == 0) {
        struct pollfd fds[] = {
            { .fd = ended, .events = POLLIN },
            { .fd = told ? -1 : interrupt_fd(interrupt), .events = POLLIN },
        };

        poll(fds, G_N_ELEMENTS(fds), 1000);
        if (!told && interrupt_signal(interrupt) != 0) {
            told = interrupt_signal(interrupt);
            kill(pid, told);
            give_up_ns = clock_raw_ns() + GRACE_NS;
        }
        if (clock_raw_ns() > give_up_ns)
            return false;
    }
    *ret_told = told;
    return true;
}

static bool
tell(int status, GError **error)
{
    if (WIFSIGNALED(status))
        return failure_set(error, FAILURE_FAILED, "perf was ended by signal %d (%s)",
                           WTERMSIG(status), strsignal(WTERMSIG(status)));
    return WEXITSTATUS(status) == 0 ||
           failure_set(error, FAILURE_FAILED, "perf ended with exit code %d; it said why above",
                       WEXITSTATUS(status));
}

bool
perf_command_run(char **argv, const Interrupt *interrupt, bool *ret_stopped, GError **error)
{
    int status = 0, told = 0;
    GPid pid;

    if (!interrupt_check(interrupt, error) ||
        !g_spawn_async(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, end_with_parent,
                       GINT_TO_POINTER(getpid()), &pid, error))
        return false;
    if (!wait_for(pid, interrupt, &status, &told)) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        return failure_set(error, FAILURE_FAILED, "perf does not end, and was killed");
    }
    if (!told && !tell(status, error))
        return false;
    *ret_stopped = told != 0;
    return true;
}
