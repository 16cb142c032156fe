/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"
#include "tests/support/cmocka_all.h"

#ifdef INSIDEOUT_FAULT_POINTS

static const int ending_signals[] = { SIGTERM, SIGINT, SIGHUP };

static void
set_faults(const char *text)
{
    g_autoptr(GError) error = NULL;

    g_setenv("INSIDEOUT_FAULT", text, TRUE);
    assert_true(fault_reload(&error));
    assert_null(error);
}

/* How a child ends that comes by the point `times` times. */
static int
status_after(const char *name, int times)
{
    int status;
    autofd int silence = open("/dev/null", O_WRONLY | O_CLOEXEC);
    pid_t child;

    assert_true(silence >= 0);
    child = fork();
    if (child == 0) {
        /* Not closed: what dprintf() holds for a descriptor that is none is a leak to valgrind. */
        dup2(silence, STDERR_FILENO);
        /* Whoever started the tests may ignore some: nohup does. */
        for (size_t i = 0; i < G_N_ELEMENTS(ending_signals); i++)
            signal(ending_signals[i], SIG_DFL);
        for (int i = 0; i < times; i++)
            fault_point(name);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    if (WIFSTOPPED(status)) {
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
    }
    return status;
}

static void
does_nothing_without_a_fault(void **state)
{
    set_faults("");
    assert_int_equal(status_after("some.stage", 3), 0);
    assert_int_equal(fault_errno("some.stage"), 0);
    assert_true(fault_number("some.number", 2.5) == 2.5);
}

static void
ends_the_process_by_the_named_signal(void **state)
{
    const struct {
        const char *text;
        int signal_number;
    } cases[] = { { "a.b:kill", SIGKILL },
                  { "a.b:term", SIGTERM },
                  { "a.b:int", SIGINT },
                  { "a.b:hup", SIGHUP } };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        int status;

        set_faults(cases[i].text);
        status = status_after("a.b", 1);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), cases[i].signal_number);
    }
}

static void
stops_the_process_until_it_is_continued(void **state)
{
    int status;

    set_faults("a.b:stop");
    status = status_after("a.b", 1);
    assert_true(WIFSTOPPED(status));
    assert_int_equal(WSTOPSIG(status), SIGSTOP);
}

static void
exits_with_the_given_code_or_1(void **state)
{
    set_faults("a.b:exit:7");
    assert_int_equal(WEXITSTATUS(status_after("a.b", 1)), 7);
    set_faults("a.b:exit");
    assert_int_equal(WEXITSTATUS(status_after("a.b", 1)), 1);
}

static void
waits_for_the_numbered_occasion(void **state)
{
    set_faults("a.b#3:exit:7");
    assert_int_equal(WEXITSTATUS(status_after("a.b", 2)), 0);
    assert_int_equal(WEXITSTATUS(status_after("a.b", 3)), 7);
}

static void
leaves_other_names_alone(void **state)
{
    set_faults("a.b:kill,a.b.c:exit:5");
    assert_int_equal(status_after("a", 1), 0);
    assert_int_equal(WEXITSTATUS(status_after("a.b.c", 1)), 5);
}

static void
gives_an_errno_once_or_every_time(void **state)
{
    set_faults("disk#2:enospc,files#*:emfile");
    assert_int_equal(fault_errno("disk"), 0);
    assert_int_equal(fault_errno("disk"), ENOSPC);
    assert_int_equal(fault_errno("disk"), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(fault_errno("files"), EMFILE);
}

static void
gives_a_number_every_time(void **state)
{
    set_faults("guest.scale:number:1.1");
    for (int i = 0; i < 3; i++)
        assert_true(fault_number("guest.scale", 1) == 1.1);
    assert_true(fault_number("host.scale", 1) == 1);
    assert_int_equal(fault_errno("guest.scale"), 0);
}

static void
refuses_what_it_cannot_read(void **state)
{
    const char *const wrong[] = { "a",         "a:",           "a:explode", "a#0:kill",
                                  "a#x:kill",  "a:number",     "a:exit:x",  "a:kill,,b:kill",
                                  "a:number:", "a:number:1:2", NULL };

    for (const char *const *text = wrong; *text; text++) {
        g_autoptr(GError) error = NULL;

        g_setenv("INSIDEOUT_FAULT", *text, TRUE);
        assert_false(fault_check(&error));
        assert_true(g_error_matches(error, FAILURE, FAILURE_USAGE));
        assert_non_null(strstr(error->message, "INSIDEOUT_FAULT"));
    }
}

static void
hands_on_what_is_meant_for_another_program(void **state)
{
    g_autofree char *words = NULL, *none = NULL;

    g_setenv("INSIDEOUT_FAULT", "guest.a:kill,run.b:kill,guest.c:number:5", TRUE);
    words = fault_words("guest.");
    assert_string_equal(words, "guest.a:kill,guest.c:number:5");
    none = fault_words("visit.");
    assert_null(none);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_nothing_without_a_fault),
        cmocka_unit_test(ends_the_process_by_the_named_signal),
        cmocka_unit_test(stops_the_process_until_it_is_continued),
        cmocka_unit_test(exits_with_the_given_code_or_1),
        cmocka_unit_test(waits_for_the_numbered_occasion),
        cmocka_unit_test(leaves_other_names_alone),
        cmocka_unit_test(gives_an_errno_once_or_every_time),
        cmocka_unit_test(gives_a_number_every_time),
        cmocka_unit_test(refuses_what_it_cannot_read),
        cmocka_unit_test(hands_on_what_is_meant_for_another_program),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

/* A build for packages: the calls are there and do nothing. */
static void
has_no_fault_points_in_this_build(void **state)
{
    g_setenv("INSIDEOUT_FAULT", "a.b:kill,c.d:number:3", TRUE);
    fault_point("a.b");
    assert_int_equal(fault_errno("a.b"), 0);
    assert_true(fault_number("c.d", 1) == 1);
    assert_true(fault_check(NULL));
    assert_null(fault_words("a."));
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(has_no_fault_points_in_this_build) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
