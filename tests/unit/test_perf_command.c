/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/profile/perf_command.h"

#include <glib/gstdio.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "common/base/failure.h"
#include "tests/support/cmocka_all.h"

static const PerfCommand command = {
    .kallsyms = "/s/kallsyms",
    .modules = "/s/modules",
    .data = "/s/perf.data",
    .event = "branch-misses",
    .pid = 4711,
    .seconds = 2.5,
};

static void
records_by_these_arguments(void **state)
{
    g_auto(GStrv) argv = perf_command_record(&command, "/usr/bin/perf");
    g_autofree char *joined = g_strjoinv("|", argv);

    assert_string_equal(joined, "/usr/bin/perf|kvm|--guest|--guestkallsyms=/s/kallsyms|"
                                "--guestmodules=/s/modules|record|-e|branch-misses|-p|4711|-o|"
                                "/s/perf.data|--|sleep|2.500");
}

static void
says_what_reads_it_again(void **state)
{
    PerfCommand nasty = command;
    g_autofree char *plain = perf_command_report(&command);
    g_autofree char *quoted = NULL;

    assert_string_equal(plain, "perf kvm --guest --guestkallsyms=/s/kallsyms "
                               "--guestmodules=/s/modules report -i /s/perf.data");
    nasty.data = "/my files/$(id)";
    quoted = perf_command_report(&nasty);
    assert_non_null(strstr(quoted, " -i '/my files/$(id)'"));
}

/* A shell stands for perf: it is the test that starts one, not hostctl. */
static bool
run(const char *script, const Interrupt *interrupt, bool *ret_stopped, GError **error)
{
    g_autofree char *text = g_strdup(script);
    char *argv[] = { (char *) "/bin/sh", (char *) "-c", text, NULL };

    return perf_command_run(argv, interrupt, ret_stopped, error);
}

static void
waits_until_perf_has_ended(void **state)
{
    bool stopped = true;

    assert_true(run("exit 0", NULL, &stopped, NULL));
    assert_false(stopped);
}

static void
tells_how_perf_failed(void **state)
{
    g_autoptr(GError) code = NULL;
    g_autoptr(GError) killed = NULL;
    g_autoptr(GError) missing = NULL;
    char *argv[] = { (char *) "/nowhere/perf", NULL };
    bool stopped = true;

    assert_false(run("exit 129", NULL, &stopped, &code));
    assert_non_null(strstr(code->message, "exit code 129"));
    assert_false(run("kill -SEGV $$", NULL, &stopped, &killed));
    assert_non_null(strstr(killed->message, "signal 11"));
    assert_false(perf_command_run(argv, NULL, &stopped, &missing));
    assert_non_null(missing);
    assert_true(stopped);
}

/* Raised once the script has said that it is ready. */
typedef struct {
    Interrupt *interrupt;
    const char *ready;
} Raiser;

static void *
raise_when_ready(void *data)
{
    const Raiser *raiser = data;

    while (access(raiser->ready, F_OK) != 0)
        usleep(1000);
    interrupt_raise(raiser->interrupt, SIGINT);
    return NULL;
}

static void
hands_a_signal_on_and_waits_for_what_perf_makes_of_it(void **state)
{
    g_autoptr(Interrupt) interrupt = interrupt_new_manual(NULL);
    g_autofree char *dir = g_dir_make_tmp("perf-XXXXXX", NULL);
    g_autofree char *ready = g_build_filename(dir, "ready", NULL);
    g_autofree char *done = g_build_filename(dir, "done", NULL);
    g_autofree char *script =
        g_strdup_printf("trap 'sleep 0.1; echo SIGINT >%s; exit 130' INT; echo >%s; "
                        "while :; do sleep 0.05; done",
                        done, ready);
    g_autofree char *text = NULL;
    Raiser raiser = { interrupt, ready };
    bool stopped = false;
    pthread_t thread;

    pthread_create(&thread, NULL, raise_when_ready, &raiser);
    assert_true(run(script, interrupt, &stopped, NULL));
    pthread_join(thread, NULL);
    assert_true(stopped);
    assert_true(g_file_get_contents(done, &text, NULL, NULL));
    assert_string_equal(text, "SIGINT\n");
    g_unlink(ready);
    g_unlink(done);
    g_rmdir(dir);
}

static void
starts_nothing_after_a_signal(void **state)
{
    g_autoptr(Interrupt) interrupt = interrupt_new_manual(NULL);
    g_autoptr(GError) error = NULL;
    bool stopped;

    interrupt_raise(interrupt, SIGTERM);
    assert_false(run("exit 0", interrupt, &stopped, &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_INTERRUPTED));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_by_these_arguments),
        cmocka_unit_test(says_what_reads_it_again),
        cmocka_unit_test(waits_until_perf_has_ended),
        cmocka_unit_test(tells_how_perf_failed),
        cmocka_unit_test(hands_a_signal_on_and_waits_for_what_perf_makes_of_it),
        cmocka_unit_test(starts_nothing_after_a_signal),
    };

    return cmocka_run_group_tests_name("perf_command", tests, NULL, NULL);
}
