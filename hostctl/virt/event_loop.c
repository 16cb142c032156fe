/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/event_loop.h"

#include <signal.h>

#include "hostctl/virt/glue.h"

static void
ignore_error(void *data, virErrorPtr error)
{
}

static void *
run(void *data)
{
    sigset_t all;

    /* Signals are for the thread that waits on the Interrupt. */
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    for (;;)
        if (virEventRunDefaultImpl() < 0)
            return NULL;
}

bool
event_loop_start(GError **error)
{
    static GMutex lock;
    static bool started;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);

    if (started)
        return true;
    virSetErrorFunc(NULL, ignore_error);
    /* The embedded driver logs into our stderr otherwise; who wants to read it sets the variable.
     */
    g_setenv("LIBVIRT_LOG_OUTPUTS", "4:file:/dev/null", FALSE);
    if (virInitialize() < 0 || virEventRegisterDefaultImpl() < 0)
        return virt_failure(error, "libvirt");
    g_thread_unref(g_thread_new("libvirt-events", run, NULL));
    started = true;
    return true;
}
