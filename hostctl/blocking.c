/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/blocking.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>

#include "common/base/autofd.h"
#include "common/base/clock.h"
#include "common/base/failure.h"

/* Wakes the thread, which alone takes it: free in this program, and ignored but here. */
#define WAKE SIGUSR2
#define WAKE_AGAIN_MS 50

typedef struct {
    BlockingCall call;
    void *data;
    GError *error;
    bool done;
    int done_fd; /* readable when the call has returned */
} Work;

static void
wake(int signal_number)
{
}

static void *
run(void *data)
{
    Work *work = data;

    work->done = work->call(work->data, &work->error);
    eventfd_write(work->done_fd, 1);
    return NULL;
}

/* Milliseconds until `until_ns`, as poll() wants them. */
static int
left_ms(int64_t until_ns)
{
    return (int) CLAMP((until_ns - clock_raw_ns()) / NS_PER_MS + 1, 0, G_MAXINT);
}

/* True when the call returned; false when a signal came or the time is over. */
static bool
wait_for(const Work *work, int64_t until_ns, const Interrupt *interrupt)
{
    for (;;) {
        struct pollfd fds[] = { { .fd = work->done_fd, .events = POLLIN },
                                { .fd = interrupt_fd(interrupt), .events = POLLIN } };

        poll(fds, G_N_ELEMENTS(fds), left_ms(until_ns));
        if (fds[0].revents)
            return true;
        if (interrupt_signal(interrupt) != 0 || clock_raw_ns() >= until_ns)
            return false;
    }
}

/* A wake that comes before the thread is in its system call is lost: so again and again. */
static void
break_off(const Work *work, pthread_t thread)
{
    struct pollfd done = { .fd = work->done_fd, .events = POLLIN };

    do
        pthread_kill(thread, WAKE);
    while (poll(&done, 1, WAKE_AGAIN_MS) <= 0);
}

static bool
tell(Work *work, bool broken_off, int64_t timeout_ns, const Interrupt *interrupt, GError **error)
{
    if (work->done)
        return true;
    if (!broken_off) {
        g_propagate_error(error, work->error);
        return false;
    }
    g_clear_error(&work->error);
    return interrupt_check(interrupt, error) &&
           failure_set(error, FAILURE_FAILED, "not done after %.0f s, and given up",
                       (double) timeout_ns / 1e9);
}

bool
blocking_run(BlockingCall call, void *data, int64_t timeout_ns, const Interrupt *interrupt,
             GError **error)
{
    const struct sigaction action = { .sa_handler = wake }; /* no SA_RESTART */
    struct sigaction before;
    autofd int done_fd = eventfd(0, EFD_CLOEXEC);
    Work work = { .call = call, .data = data, .done_fd = done_fd };
    bool broken_off = false;
    pthread_t thread;
    int code;

    if (done_fd < 0)
        return failure_set_errno(error, errno, "eventfd");
    if (!interrupt_check(interrupt, error))
        return false;
    sigaction(WAKE, &action, &before);
    code = pthread_create(&thread, NULL, run, &work);
    if (code == 0) {
        if (!wait_for(&work, clock_raw_ns() + timeout_ns, interrupt)) {
            broken_off = true;
            break_off(&work, thread);
        }
        pthread_join(thread, NULL);
    }
    sigaction(WAKE, &before, NULL);
    return code == 0 ? tell(&work, broken_off, timeout_ns, interrupt, error)
                     : failure_set_errno(error, code, "a thread");
}
