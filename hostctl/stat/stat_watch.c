/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/stat/stat_watch.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "common/base/text.h"
#include "hostctl/collect/qemu_list.h"
#include "hostctl/collect/sched.h"

#define NAME_BYTES_MAX 128
/* One for each event of each mode, and run delay, page, exits. */
#define DESCRIPTORS_PER_VCPU (STAT_MODES * EVENT_MAX + 3)
#define DESCRIPTORS_OWN 64

typedef struct {
    StatVcpu *count;
    bool gone;
    bool seen; /* in the look that is under way */
} Watched;

struct StatWatch {
    const StatSetup *setup;
    const char *const *domains;
    GPtrArray *vcpus; /* Watched */
    QemuList *list;
    GString *notes;
    int64_t begin_ns;
};

static void
free_watched(void *data)
{
    Watched *watched = data;

    stat_vcpu_close(watched->count);
    g_free(watched);
}

static bool
check_domains(const StatWatch *watch, GError **error)
{
    for (const char *const *domain = watch->domains; domain && *domain; domain++) {
        g_autoptr(QemuProcess) process = NULL;

        if (!qemu_process_find(watch->setup->root, *domain, &process, error))
            return false;
    }
    return true;
}

StatWatch *
stat_watch_new(const StatSetup *setup, const char *const *domains, GError **error)
{
    g_autoptr(StatWatch) watch = g_new0(StatWatch, 1);

    watch->setup = setup;
    watch->domains = domains;
    watch->vcpus = g_ptr_array_new_with_free_func(free_watched);
    watch->list = qemu_list_new(setup->root);
    watch->notes = g_string_new(NULL);
    if (!check_domains(watch, error) || !stat_watch_look(watch, error))
        return NULL;
    watch->begin_ns = clock_raw_ns();
    return g_steal_pointer(&watch);
}

void
stat_watch_free(StatWatch *watch)
{
    if (!watch)
        return;

    g_ptr_array_unref(watch->vcpus);
    qemu_list_free(watch->list);
    g_string_free(watch->notes, TRUE);
    g_free(watch);
}

static Watched *
find(const StatWatch *watch, const QemuThread *thread)
{
    for (guint i = 0; i < watch->vcpus->len; i++) {
        Watched *watched = watch->vcpus->pdata[i];

        if (!watched->gone && stat_vcpu_is(watched->count, thread))
            return watched;
    }
    return NULL;
}

static void
note_problem(StatWatch *watch, const StatVcpu *count)
{
    g_autofree char *name = text_printable(stat_vcpu_domain(count), NAME_BYTES_MAX);
    g_autofree char *line = NULL;

    if (!*stat_vcpu_problem(count))
        return;
    line = g_strdup_printf("%s: not counted: %s\n", name, stat_vcpu_problem(count));
    if (!strstr(watch->notes->str, line))
        g_string_append(watch->notes, line);
}

/* Ended between being found and being opened: a guest that stops. */
static bool
has_ended(const StatWatch *watch, const QemuThread *thread)
{
    uint64_t ticks;

    return !thread_start_ticks(watch->setup->root, thread->pid, thread->tid, &ticks, NULL) ||
           ticks != thread->start_ticks;
}

static bool
add(StatWatch *watch, const QemuProcess *process, const QemuThread *thread, GError **error)
{
    g_autoptr(GError) problem = NULL;
    Watched *watched;
    StatVcpu *count;

    if (!sched_raise_limit(DESCRIPTORS_OWN + (watch->vcpus->len + 1) * DESCRIPTORS_PER_VCPU,
                           &problem))
        g_clear_error(&problem); /* few events may fit all the same */
    count = stat_vcpu_open(watch->setup, process, thread, clock_raw_ns(), &problem);
    if (!count && has_ended(watch, thread))
        return true;
    if (!count) {
        g_propagate_prefixed_error(error, g_steal_pointer(&problem), "%s: ", process->guest);
        return false;
    }
    note_problem(watch, count);
    watched = g_new0(Watched, 1);
    watched->count = count;
    watched->seen = true;
    g_ptr_array_add(watch->vcpus, watched);
    return true;
}

static bool
look_at(StatWatch *watch, const QemuProcess *process, GError **error)
{
    for (guint i = 0; i < process->vcpus->len; i++) {
        const QemuThread *thread = &g_array_index(process->vcpus, QemuThread, i);
        Watched *watched = find(watch, thread);

        if (watched) {
            watched->seen = stat_vcpu_remember(watched->count);
            if (!watched->seen)
                qemu_list_doubt(watch->list);
        } else if (!add(watch, process, thread, error)) {
            return false;
        }
    }
    return true;
}

bool
stat_watch_look(StatWatch *watch, GError **error)
{
    const GPtrArray *processes;

    if (!qemu_list_look(watch->list, error))
        return false;
    processes = qemu_list_processes(watch->list);
    for (guint i = 0; i < watch->vcpus->len; i++)
        ((Watched *) watch->vcpus->pdata[i])->seen = false;
    for (guint i = 0; i < processes->len; i++)
        if (qemu_process_is_among(processes->pdata[i], watch->domains) &&
            !look_at(watch, processes->pdata[i], error))
            return false;
    for (guint i = 0; i < watch->vcpus->len; i++) {
        Watched *watched = watch->vcpus->pdata[i];

        watched->gone |= !watched->seen;
    }
    return true;
}

int64_t
stat_watch_begin_ns(const StatWatch *watch)
{
    return watch->begin_ns;
}

unsigned
stat_watch_vcpus(const StatWatch *watch)
{
    return watch->vcpus->len;
}

bool
stat_watch_print(StatWatch *watch, StatPrint print, void *data, GError **error)
{
    int64_t end_ns = clock_raw_ns() - watch->begin_ns;

    if (watch->setup->exits && !exits_read(watch->setup->exits, error))
        return false;
    for (guint i = 0; i < watch->vcpus->len; i++) {
        Watched *watched = watch->vcpus->pdata[i];
        g_autoptr(GError) problem = NULL;
        StatWindow window;

        if (stat_vcpu_window(watched->count, clock_raw_ns(), &window, &problem)) {
            window.end_ns = end_ns; /* one tick, one time, as perf prints it */
            print(&window, data);
            continue;
        }
        /* The emulated page goes away with its guest, before the next look sees that. */
        if (!watched->gone && !stat_watch_look(watch, error))
            return false;
        if (!watched->gone) {
            g_propagate_prefixed_error(error, g_steal_pointer(&problem),
                                       "%s: ", stat_vcpu_domain(watched->count));
            return false;
        }
    }
    for (guint i = watch->vcpus->len; i > 0; i--)
        if (((Watched *) watch->vcpus->pdata[i - 1])->gone)
            g_ptr_array_remove_index(watch->vcpus, i - 1);
    return true;
}

char *
stat_watch_take_notes(StatWatch *watch)
{
    char *notes = watch->notes->len ? g_strdup(watch->notes->str) : NULL;

    g_string_truncate(watch->notes, 0);
    return notes;
}
