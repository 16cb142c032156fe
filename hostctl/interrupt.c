/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "common/base/pace.h"

static const int handled[] = { SIGINT, SIGTERM, SIGHUP };

struct Interrupt {
    int fd;
    atomic_int signal_number; /* the handler runs in whatever thread the kernel picks */
    bool installed;
    struct sigaction old_actions[G_N_ELEMENTS(handled)];
    struct sigaction old_pipe_action;
};

/* What the signal handler reaches; set only while an Interrupt is installed. */
static Interrupt *_Atomic installed_interrupt;

void
interrupt_raise(Interrupt *interrupt, int signal_number)
{
    int old_errno = errno, none = 0;
    ssize_t ignored;

    atomic_compare_exchange_strong(&interrupt->signal_number, &none, signal_number);
    ignored = write(interrupt->fd, &(uint64_t){ 1 }, sizeof(uint64_t));
    (void) ignored;
    errno = old_errno;
}

static void
on_signal(int signal_number)
{
    Interrupt *interrupt = installed_interrupt;

    if (interrupt)
        interrupt_raise(interrupt, signal_number);
}

Interrupt *
interrupt_new_manual(GError **error)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    Interrupt *interrupt;

    if (fd < 0) {
        failure_set_errno(error, errno, "eventfd");
        return NULL;
    }
    interrupt = g_new0(Interrupt, 1);
    interrupt->fd = fd;
    return interrupt;
}

Interrupt *
interrupt_new(GError **error)
{
    /* SA_RESTART: a write of 2 to KSM's `run` that a signal breaks off would leave it at 0. */
    const struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    const struct sigaction ignore = { .sa_handler = SIG_IGN };
    Interrupt *interrupt;

    g_return_val_if_fail(!installed_interrupt, NULL);
    interrupt = interrupt_new_manual(error);
    if (!interrupt)
        return NULL;

    installed_interrupt = interrupt;
    interrupt->installed = true;
    for (size_t i = 0; i < G_N_ELEMENTS(handled); i++)
        sigaction(handled[i], &action, &interrupt->old_actions[i]);
    sigaction(SIGPIPE, &ignore, &interrupt->old_pipe_action);
    return interrupt;
}

void
interrupt_free(Interrupt *interrupt)
{
    if (!interrupt)
        return;

    if (interrupt->installed) {
        for (size_t i = 0; i < G_N_ELEMENTS(handled); i++)
            sigaction(handled[i], &interrupt->old_actions[i], NULL);
        sigaction(SIGPIPE, &interrupt->old_pipe_action, NULL);
        installed_interrupt = NULL;
    }
    close(interrupt->fd);
    g_free(interrupt);
}

int
interrupt_fd(const Interrupt *interrupt)
{
    return interrupt ? interrupt->fd : -1;
}

int
interrupt_signal(const Interrupt *interrupt)
{
    return interrupt ? interrupt->signal_number : 0;
}

bool
interrupt_check(const Interrupt *interrupt, GError **error)
{
    int signal_number = interrupt_signal(interrupt);

    if (!signal_number)
        return true;
    return failure_set(error, FAILURE_INTERRUPTED, "stopped by signal %d (%s)", signal_number,
                       strsignal(signal_number));
}

bool
interrupt_sleep_until(const Interrupt *interrupt, int64_t raw_ns, GError **error)
{
    for (;;) {
        struct pollfd wait = { .fd = interrupt_fd(interrupt), .events = POLLIN };
        int64_t left_ns = raw_ns - clock_raw_ns();
        struct timespec timeout;

        if (!interrupt_check(interrupt, error))
            return false;
        if (left_ns <= 0)
            return true;

        timeout.tv_sec = left_ns / NS_PER_SECOND;
        timeout.tv_nsec = left_ns % NS_PER_SECOND;
        ppoll(&wait, 1, &timeout, NULL);
    }
}

bool
interrupt_sleep(const Interrupt *interrupt, int64_t duration_ns, GError **error)
{
    return interrupt_sleep_until(interrupt, clock_raw_ns() + duration_ns, error);
}

bool
interrupt_sleep_shown(const Interrupt *interrupt, int64_t duration_ns, const char *what,
                      GError **error)
{
    int64_t end_ns = clock_raw_ns() + duration_ns;
    bool slept = true;

    for (int64_t left_ns = duration_ns; slept && left_ns > 0; left_ns = end_ns - clock_raw_ns()) {
        pace_until(what, end_ns);
        slept = interrupt_sleep(interrupt, MIN(left_ns, NS_PER_SECOND), error);
    }
    pace_end();
    return slept;
}
