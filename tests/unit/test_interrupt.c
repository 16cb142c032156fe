/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/interrupt.h"

#include <poll.h>
#include <signal.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "tests/support/cmocka_all.h"

static void
lets_everything_go_on_without_a_signal(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Interrupt) interrupt = interrupt_new_manual(&error);

    assert_non_null(interrupt);
    assert_int_equal(interrupt_signal(interrupt), 0);
    assert_true(interrupt_check(interrupt, &error));
    assert_true(interrupt_sleep(interrupt, NS_PER_MS, &error));
}

static void
takes_null_for_what_cannot_be_interrupted(void **state)
{
    g_autoptr(GError) error = NULL;

    assert_true(interrupt_check(NULL, &error));
    assert_true(interrupt_sleep(NULL, NS_PER_MS, &error));
    assert_int_equal(interrupt_fd(NULL), -1);
}

static void
ends_a_sleep_and_names_the_signal(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Interrupt) interrupt = interrupt_new_manual(NULL);

    interrupt_raise(interrupt, SIGTERM);
    assert_false(interrupt_sleep(interrupt, 3600 * NS_PER_SECOND, &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_INTERRUPTED));
    assert_non_null(strstr(error->message, "Terminated"));
}

static void
keeps_the_first_signal_and_a_readable_descriptor(void **state)
{
    g_autoptr(Interrupt) interrupt = interrupt_new(NULL);
    struct pollfd wait = { .fd = interrupt_fd(interrupt), .events = POLLIN };

    assert_int_equal(poll(&wait, 1, 0), 0);
    raise(SIGHUP);
    raise(SIGINT);
    assert_int_equal(interrupt_signal(interrupt), SIGHUP);
    assert_int_equal(poll(&wait, 1, 0), 1);
    assert_int_equal(poll(&wait, 1, 0), 1);
}

static void
gives_the_signals_back_when_freed(void **state)
{
    struct sigaction now;
    Interrupt *interrupt = interrupt_new(NULL);

    sigaction(SIGPIPE, NULL, &now);
    assert_ptr_equal(now.sa_handler, SIG_IGN);
    interrupt_free(interrupt);
    sigaction(SIGTERM, NULL, &now);
    assert_ptr_equal(now.sa_handler, SIG_DFL);
    sigaction(SIGPIPE, NULL, &now);
    assert_ptr_equal(now.sa_handler, SIG_DFL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_everything_go_on_without_a_signal),
        cmocka_unit_test(takes_null_for_what_cannot_be_interrupted),
        cmocka_unit_test(ends_a_sleep_and_names_the_signal),
        cmocka_unit_test(keeps_the_first_signal_and_a_readable_descriptor),
        cmocka_unit_test(gives_the_signals_back_when_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
