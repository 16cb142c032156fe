/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "common/base/text.h"
#include "common/pmu/stat_print.h"
#include "guestprobe/child.h"
#include "guestprobe/cmd.h"
#include "guestprobe/guest_facts.h"
#include "guestprobe/live_judge.h"
#include "guestprobe/stat_session.h"
#include "guestprobe/textfile.h"

#define SUMMARY_BYTES_MAX 1024
/* The kernel's timer and CLOCK_MONOTONIC_RAW differ by some ppm: no second wait for that. */
#define EARLY_NS 50000
#define PERF_NO_COMMAND 255 /* perf's exit code when the command cannot be started */

typedef struct {
    const Options *options;
    StatSession *session;
    FILE *out;
    LiveJudge *judge;   /* NULL: nothing is judged */
    Textfile *textfile; /* NULL: windows are printed to `out` */
    sigset_t signals;   /* blocked, and waited for between the windows */
    int64_t begin_ns;
    pid_t pid;       /* of the command; 0: none, or it ended */
    int wait_status; /* of the command, once it ended */
    bool stop;       /* a signal asked for it */
} Run;

static bool
has_command(const Options *options)
{
    return options->command[0] != NULL;
}

static sigset_t
block_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return signals;
}

static void
take_signal(Run *run, int signal)
{
    run->stop |= signal != SIGCHLD;
    if (run->pid && waitpid(run->pid, &run->wait_status, WNOHANG) == run->pid)
        run->pid = 0;
}

static bool
ended(const Run *run)
{
    return run->stop || (has_command(run->options) && !run->pid);
}

/* Waits for the moment, or for the end if that comes first; one cheap system call a window, and one
 * look at the clock, which is a system call too where the guest has no steady TSC. */
static void
wait_until(Run *run, int64_t due_ns)
{
    int signal = 0;

    do {
        int64_t left_ns = due_ns - clock_raw_ns();
        const struct timespec left = { .tv_sec = left_ns / NS_PER_SECOND,
                                       .tv_nsec = left_ns % NS_PER_SECOND };

        if (left_ns <= EARLY_NS)
            return;
        signal = sigtimedwait(&run->signals, NULL, &left);
        if (signal > 0)
            take_signal(run, signal);
    } while (!ended(run) && (signal > 0 || errno != EAGAIN));
}

static bool
write_textfile(Run *run, const StatWindow *window, GError **error)
{
    TextfileInput input = { .window = window, .wall_ns = clock_wall_ns() };

    return stat_session_cpu_times(run->session, &input.since_boot, error) &&
           textfile_update(run->textfile, &input, error);
}

static void
print_verdict(const Run *run, const JudgedWindow *judged)
{
    g_autofree char *line = judged_window_json(live_judge_state(run->judge), judged);

    fprintf(run->out, "%s\n", line);
}

static bool
print_window(Run *run, GError **error)
{
    const Options *options = run->options;
    const StatStyle style = { .with_time = options->interval_ms > 0,
                              .separator = options->separator };
    JudgedWindow judged = { 0 };
    StatWindow window;

    if (!stat_session_next(run->session, &window, error))
        return false;
    if (run->judge)
        judged = live_judge_window(run->judge, &window);
    if (run->textfile)
        return write_textfile(run, &window, error);
    if (run->judge && options->json)
        print_verdict(run, &judged);
    else if (options->json)
        stat_print_json(run->out, &window, &style);
    else if (options->separator)
        stat_print_csv(run->out, &window, &style);
    else
        stat_print_table(run->out, &window, &style);
    if (fflush(run->out) != 0)
        return failure_set_errno(error, errno, "writing the counts");
    return true;
}

static bool
print_windows(Run *run, GError **error)
{
    const Options *options = run->options;
    int64_t interval_ns = options->interval_ms ? options->interval_ms * NS_PER_MS : INT64_MAX / 4;
    int64_t last_ns = options->for_seconds > 0
                          ? run->begin_ns + (int64_t) (options->for_seconds * 1e9)
                          : INT64_MAX / 2;
    int64_t due_ns = run->begin_ns;

    do {
        due_ns = MIN(due_ns + interval_ns, last_ns);
        wait_until(run, due_ns);
        if (!print_window(run, error))
            return false;
    } while (!ended(run) && due_ns < last_ns);
    return true;
}

/* perf ends its command when it stops counting before it. */
static void
end_command(Run *run)
{
    if (!run->pid)
        return;
    kill(run->pid, SIGTERM);
    while (waitpid(run->pid, &run->wait_status, 0) < 0 && errno == EINTR)
        continue;
    run->pid = 0;
}

static void
print_head(Run *run)
{
    const Options *options = run->options;
    g_autofree char *command = g_strjoinv(" ", options->command);

    if (options->json || options->separator || options->textfile)
        return;
    if (options->interval_ms)
        stat_print_table_head(run->out, false);
    else if (has_command(options) && !options->all_cpus)
        fprintf(run->out, "\n Performance counter stats for '%s':\n\n", command);
    else
        fprintf(run->out, "\n Performance counter stats for 'system wide':\n\n");
}

static double
seconds_of(struct timeval time)
{
    return (double) time.tv_sec + (double) time.tv_usec / 1e6;
}

static void
print_tail(Run *run)
{
    const Options *options = run->options;
    struct rusage usage;

    if (options->json || options->separator || options->interval_ms)
        return;
    fprintf(run->out, "\n%18.9f seconds time elapsed\n",
            (double) (clock_raw_ns() - run->begin_ns) / 1e9);
    if (has_command(options) && getrusage(RUSAGE_CHILDREN, &usage) == 0)
        fprintf(run->out, "\n%18.9f seconds user\n%18.9f seconds sys\n", seconds_of(usage.ru_utime),
                seconds_of(usage.ru_stime));
    fputc('\n', run->out);
}

static void
print_note(const Run *run)
{
    const char *note = stat_session_note(run->session);

    if (*note)
        fprintf(stderr, "# guestprobe: %s\n", note);
}

static FILE *
open_output(const Options *options, GError **error)
{
    FILE *out;

    if (!options->output)
        return has_command(options) ? stderr : stdout;
    out = fopen(options->output, "we");
    if (!out)
        failure_set_errno(error, errno, "%s", options->output);
    return out;
}

/* node_exporter is another user, so the file must be for all. */
static bool
open_textfile(Run *run, const Sysroot *root, GError **error)
{
    Hypervisor hypervisor = hypervisor_detect(hypervisor_cpuid);
    cpu_set_t cpus;

    if (!guest_cpus(root, &cpus, error))
        return false;
    umask(S_IWGRP | S_IWOTH);
    run->textfile = textfile_new(run->options->textfile, hypervisor.name,
                                 (unsigned) CPU_COUNT(&cpus), hypervisor.steal_clock);
    return true;
}

static bool
open_judge(Run *run, const Sysroot *root, GError **error)
{
    const Options *options = run->options;
    g_autofree char *command = g_strjoinv(" ", options->command);
    const char *load = options->load || !has_command(options) ? options->load : command;
    ThresholdKey here = guest_key(root, hypervisor_cpuid, stat_session_source(run->session),
                                  options->cpu_model, load);

    run->judge = live_judge_new(options->judge, options->estimator, &here, error);
    threshold_key_clear(&here);
    return run->judge != NULL;
}

/* A file for node_exporter has an exit status for nobody. */
static bool
is_overcommitted(const Run *run)
{
    return run->judge && !run->textfile && judge_is_overcommitted(live_judge_state(run->judge));
}

static void
print_summary(const Run *run)
{
    g_autofree char *summary = judge_summary(live_judge_state(run->judge));
    g_autofree char *printable = text_printable(summary, SUMMARY_BYTES_MAX);

    fprintf(stderr, "# guestprobe: %s\n", printable);
}

/* The command exists, but waits before its exec. */
static bool
count(Run *run, Child *child, GError **error)
{
    const Options *options = run->options;
    g_autoptr(Sysroot) root = sysroot_new("/");
    bool whole_guest = options->all_cpus || !has_command(options);
    int refusal = 0;
    bool done;

    run->session = stat_session_open(root, options->source, (const char *const *) options->events,
                                     whole_guest ? 0 : child->pid, NULL, error);
    if (!run->session) {
        if (has_command(options))
            child_cancel(child);
        return false;
    }
    print_note(run);
    if ((options->judge && !open_judge(run, root, error)) ||
        (options->textfile && !open_textfile(run, root, error))) {
        if (has_command(options))
            child_cancel(child);
        return false;
    }
    run->begin_ns = clock_raw_ns();
    if (has_command(options))
        refusal = child_exec(child);
    if (refusal) {
        run->wait_status = W_EXITCODE(PERF_NO_COMMAND, 0);
        return failure_set_errno(error, refusal, "%s", options->command[0]);
    }

    run->pid = child->pid;
    print_head(run);
    done = print_windows(run, error);
    end_command(run);
    if (done)
        print_tail(run);
    if (run->judge)
        print_summary(run);
    return done;
}

static int
exit_code(const Run *run)
{
    return has_command(run->options) ? child_exit_code(run->wait_status) : 0;
}

int
cmd_stat(const Options *options, GError **error)
{
    const ChildSpec spec = { .argv = (const char *const *) options->command };
    Run run = { .options = options, .signals = block_signals() };
    Child child = { 0 };
    int refusal = 0;
    bool done, overcommitted;

    run.out = open_output(options, error);
    if (!run.out)
        return -1;
    if (has_command(options))
        refusal = child_fork(&spec, &child);
    if (refusal) {
        failure_set_errno(error, refusal, "starting %s", options->command[0]);
        return -1;
    }
    done = count(&run, &child, error);
    overcommitted = done && is_overcommitted(&run);
    live_judge_free(run.judge);
    stat_session_close(run.session);
    textfile_free(run.textfile);
    if (options->output && fclose(run.out) != 0 && done)
        done = failure_set_errno(error, errno, "%s", options->output);
    if (overcommitted && exit_code(&run) == 0) {
        failure_set(error, FAILURE_NO, "overcommitted");
        return -1;
    }
    return done || run.wait_status ? exit_code(&run) : -1;
}
