/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/process_tree.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guestprobe/child.h"
#include "guestprobe/load.h"
#include "tests/support/cmocka_all.h"

static const struct {
    const char *text;
    bool good;
    pid_t parent;
    char state;
} stats[] = {
    { "12 (sleep) S 7 12 12 0 -1", true, 7, 'S' },
    { "12 (a) R 1 (b)) Z 42 0", true, 42, 'Z' },
    { "12 (sh\n) x) R 3 12", true, 3, 'R' },
    { "12 (sleep", false, 0, 0 },
    { "12 (sleep)", false, 0, 0 },
    { "12 (sleep) S", false, 0, 0 },
    { "12 (sleep) S x 1", false, 0, 0 },
    { "", false, 0, 0 },
};

static void
reads_parent_and_state_whatever_the_command_is_called(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(stats); i++) {
        pid_t parent = -1;
        char letter = '-';

        assert_int_equal(process_stat_parse(stats[i].text, &parent, &letter), stats[i].good);
        assert_int_equal(parent, stats[i].good ? stats[i].parent : -1);
        assert_int_equal(letter, stats[i].good ? stats[i].state : '-');
    }
}

static void
finds_children_and_grandchildren_but_no_zombies(void **state)
{
    int pipe_fds[2];
    pid_t child, zombie;
    char byte;

    assert_int_equal(pipe(pipe_fds), 0);
    zombie = fork();
    if (zombie == 0)
        _exit(0);
    child = fork();
    if (child == 0) {
        prctl(PR_SET_NAME, "a child");
        if (fork() == 0 && write(pipe_fds[1], "x", 1) != 1)
            _exit(1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
    assert_int_equal(waitid(P_PID, (id_t) zombie, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
    {
        g_autoptr(GArray) found = process_tree_descendants(getpid());
        g_autofree char *names = process_tree_describe(found);

        assert_int_equal(found->len, 2);
        assert_int_equal(g_array_index(found, pid_t, 0), child);
        assert_non_null(strstr(names, "a child ("));
        for (guint i = 0; i < found->len; i++)
            kill(g_array_index(found, pid_t, i), SIGKILL);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(waitpid(zombie, NULL, 0), zombie);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

static void
runs_a_program_only_after_the_second_step(void **state)
{
    const char *const argv[] = { "sh", "-c", "exit $PROBE_TEST_CODE", NULL };
    const char *const env[] = { "PROBE_TEST_CODE=7", NULL };
    const ChildSpec spec = { .argv = argv, .env = env };
    Child child;
    int status;

    assert_int_equal(child_fork(&spec, &child), 0);
    assert_int_equal(waitpid(child.pid, &status, WNOHANG), 0);
    assert_int_equal(child_exec(&child), 0);
    assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
    assert_int_equal(child_exit_code(status), 7);
}

static void
tells_why_exec_failed(void **state)
{
    const char *const missing[] = { "/no/such/program", NULL };
    const char *const folder[] = { "/tmp", NULL };
    Child child;

    assert_int_equal(child_fork(&(ChildSpec){ .argv = missing }, &child), 0);
    assert_int_equal(child_exec(&child), ENOENT);
    assert_int_equal(child_fork(&(ChildSpec){ .argv = folder }, &child), 0);
    assert_int_equal(child_exec(&child), EACCES);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void
can_be_given_up_between_the_steps(void **state)
{
    const char *const argv[] = { "sleep", "1000", NULL };
    Child child;

    assert_int_equal(child_fork(&(ChildSpec){ .argv = argv }, &child), 0);
    child_cancel(&child);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void
gives_the_exit_code_of_a_shell(void **state)
{
    assert_int_equal(child_exit_code(W_EXITCODE(3, 0)), 3);
    assert_int_equal(child_exit_code(W_EXITCODE(0, SIGKILL)), 137);
}

static void
starts_a_load_that_has_no_terminal_and_no_blocked_signal(void **state)
{
    const char *const argv[] = { "sh", "-c",
                                 "test ! -t 0 && test $(cut -d' ' -f6 /proc/$$/stat) = $$ && "
                                 "grep -q 'SigBlk:.0000000000000000' /proc/self/status",
                                 NULL };
    g_autoptr(Load) load = load_new();
    sigset_t blocked;
    pid_t pid;
    int status = -1;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    assert_int_equal(load_start(load, argv, NULL, NULL, NULL, &pid), 0);
    while (!load_reap(load, &status))
        g_usleep(1000);
    sigprocmask(SIG_UNBLOCK, &blocked, NULL);
    assert_int_equal(status, 0);
    assert_false(load_is_running(load));
}

static void
kills_what_a_finished_load_left_before_the_next_one(void **state)
{
    const char *const leaves[] = { "sh", "-c", "sleep 1000 & exit 0", NULL };
    const char *const works[] = { "sleep", "1000", NULL };
    g_autoptr(Load) load = load_new();
    pid_t first, second;
    int status;

    assert_int_equal(load_start(load, leaves, NULL, NULL, NULL, &first), 0);
    while (!load_reap(load, &status))
        g_usleep(1000);
    assert_int_equal(load_start(load, works, NULL, NULL, NULL, &second), 0);
    {
        g_autoptr(GArray) left = process_tree_descendants(getpid());

        assert_int_equal(left->len, 1);
        assert_int_equal(g_array_index(left, pid_t, 0), second);
    }
    assert_true(load_stop(load, 10000, NULL));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_parent_and_state_whatever_the_command_is_called),
        cmocka_unit_test(finds_children_and_grandchildren_but_no_zombies),
        cmocka_unit_test(runs_a_program_only_after_the_second_step),
        cmocka_unit_test(tells_why_exec_failed),
        cmocka_unit_test(can_be_given_up_between_the_steps),
        cmocka_unit_test(gives_the_exit_code_of_a_shell),
        cmocka_unit_test(starts_a_load_that_has_no_terminal_and_no_blocked_signal),
        cmocka_unit_test(kills_what_a_finished_load_left_before_the_next_one),
    };

    return cmocka_run_group_tests_name("probe_process", tests, NULL, NULL);
}
