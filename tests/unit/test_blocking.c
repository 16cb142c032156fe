/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A call that stands in the kernel: reading a pipe into which nobody writes. */
#include "hostctl/blocking.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "tests/support/cmocka_all.h"

#define LONG_NS (3600 * NS_PER_SECOND)

static bool
read_pipe(void *data, GError **error)
{
    char byte;

    return read(*(int *) data, &byte, 1) == 1 || failure_set_errno(error, errno, "the pipe");
}

static bool
succeed(void *data, GError **error)
{
    *(int *) data += 1;
    return true;
}

static bool
refuse(void *data, GError **error)
{
    return failure_set(error, FAILURE_UNSUPPORTED, "no such thing");
}

static void
gives_what_the_call_gave(void **state)
{
    g_autoptr(GError) error = NULL;
    int calls = 0;

    assert_true(blocking_run(succeed, &calls, LONG_NS, NULL, NULL));
    assert_int_equal(calls, 1);
    assert_false(blocking_run(refuse, NULL, LONG_NS, NULL, &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_UNSUPPORTED));
    assert_string_equal(error->message, "no such thing");
}

static void *
raise_later(void *interrupt)
{
    g_usleep(50000);
    interrupt_raise(interrupt, SIGTERM);
    return NULL;
}

static void
a_signal_breaks_the_call_off(void **state)
{
    g_autoptr(Interrupt) interrupt = interrupt_new_manual(NULL);
    g_autoptr(GError) error = NULL;
    GThread *thread;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    thread = g_thread_new("raiser", raise_later, interrupt);
    assert_false(blocking_run(read_pipe, &ends[0], LONG_NS, interrupt, &error));
    g_thread_join(thread);
    assert_true(g_error_matches(error, FAILURE, FAILURE_INTERRUPTED));
    /* After it there is nothing to wait for. */
    g_clear_error(&error);
    assert_false(blocking_run(read_pipe, &ends[0], LONG_NS, interrupt, &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_INTERRUPTED));
    close(ends[0]);
    close(ends[1]);
}

static void
time_that_is_over_breaks_it_off_too(void **state)
{
    g_autoptr(GError) error = NULL;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_false(blocking_run(read_pipe, &ends[0], 20 * NS_PER_MS, NULL, &error));
    assert_non_null(strstr(error->message, "given up"));
    close(ends[0]);
    close(ends[1]);
}

static bool
read_and_be_content(void *data, GError **error)
{
    char byte;

    assert_int_equal(read(*(int *) data, &byte, 1), -1);
    return true;
}

static void
what_is_done_all_the_same_is_done(void **state)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_true(blocking_run(read_and_be_content, &ends[0], 20 * NS_PER_MS, NULL, NULL));
    close(ends[0]);
    close(ends[1]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_what_the_call_gave),
        cmocka_unit_test(a_signal_breaks_the_call_off),
        cmocka_unit_test(time_that_is_over_breaks_it_off_too),
        cmocka_unit_test(what_is_done_all_the_same_is_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
