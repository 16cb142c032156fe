/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/housekeeping.h"

#include <errno.h>

#include "common/base/cpuset.h"
#include "common/base/failure.h"
#include "hostctl/knob/knob.h"

#define IRQ_DIR "proc/irq"
#define THREADS_DIR "/proc/self/task"

struct Housekeeping {
    cpu_set_t before;
    bool pinned;
    GPtrArray *irqs; /* of Knob */
};

/* Threads that are made later inherit it. */
static bool
pin_threads(const cpu_set_t *cpus, GError **error)
{
    g_autoptr(GDir) threads = g_dir_open(THREADS_DIR, 0, error);
    const char *name;

    if (!threads)
        return false;
    while ((name = g_dir_read_name(threads))) {
        pid_t tid = (pid_t) g_ascii_strtoll(name, NULL, 10);

        if (sched_setaffinity(tid, sizeof *cpus, cpus) < 0 && errno != ESRCH) {
            g_autofree char *list = cpuset_format(cpus);

            return failure_set_errno(error, errno, "moving hostctl to CPUs %s", list);
        }
    }
    return true;
}

/* Some belong to one CPU or to a queue of a device: the kernel refuses those. */
static unsigned
move_irqs(Housekeeping *housekeeping, Journal *journal, const char *list)
{
    g_auto(GStrv) names = NULL;
    unsigned refused = 0;

    if (!sysroot_list(journal_root(journal), IRQ_DIR, &names, NULL))
        return 0;
    for (char **name = names; *name; name++) {
        g_autofree char *path = g_build_filename(IRQ_DIR, *name, "smp_affinity_list", NULL);
        Knob *knob;

        if (!sysroot_exists(journal_root(journal), path))
            continue;
        knob = knob_set(journal, path, list, NULL);
        if (knob)
            g_ptr_array_add(housekeeping->irqs, knob);
        else
            refused++;
    }
    return refused;
}

Housekeeping *
housekeeping_new(Journal *journal, const cpu_set_t *cpus, char **ret_note, GError **error)
{
    g_autoptr(Housekeeping) housekeeping = g_new0(Housekeeping, 1);
    g_autofree char *list = cpuset_format(cpus);
    unsigned refused;

    housekeeping->irqs = g_ptr_array_new_with_free_func((GDestroyNotify) knob_free);
    if (sched_getaffinity(0, sizeof housekeeping->before, &housekeeping->before) < 0) {
        failure_set_errno(error, errno, "asking where hostctl runs");
        return NULL;
    }
    housekeeping->pinned = true;
    if (!pin_threads(cpus, error))
        return NULL;
    refused = move_irqs(housekeeping, journal, list);
    *ret_note = g_strdup_printf("CPUs %s are kept for hostctl, QEMU's own threads and %u "
                                "interrupts (%u refuse to be moved)",
                                list, housekeeping->irqs->len, refused);
    return g_steal_pointer(&housekeeping);
}

bool
housekeeping_put_back(Housekeeping *housekeeping, GPtrArray *notes, GError **error)
{
    bool done = true;

    for (guint i = 0; i < housekeeping->irqs->len; i++) {
        g_autofree char *note = NULL;

        if (!knob_put_back(housekeeping->irqs->pdata[i], &note, done ? error : NULL))
            done = false;
        else if (note && notes)
            g_ptr_array_add(notes, g_steal_pointer(&note));
    }
    if (housekeeping->pinned && !pin_threads(&housekeeping->before, done ? error : NULL))
        done = false;
    housekeeping->pinned = false;
    return done;
}

void
housekeeping_free(Housekeeping *housekeeping)
{
    if (!housekeeping)
        return;

    if (housekeeping->pinned)
        pin_threads(&housekeeping->before, NULL);
    g_ptr_array_unref(housekeeping->irqs);
    g_free(housekeeping);
}
