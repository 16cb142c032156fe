/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/view/node_watch.h"

#include <math.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "hostctl/collect/cpu_time.h"
#include "hostctl/collect/qemu_list.h"
#include "hostctl/view/guest_watch.h"

/* How often new guests are looked for, and what moves slowly is read; one that ends is noticed at
 * once. */
#define LOOK_NS (5 * NS_PER_SECOND)

/* Files that stay open: schedstat, the group's three and counters of a vCPU; memory, exits,
 * pressure and the guest's own group. */
#define VCPU_FILES (4 + VIEW_EVENTS)
#define GUEST_FILES 8
#define OTHER_FILES 256

struct NodeWatch {
    const Sysroot *root;
    bool counters;
    char *counters_of;
    GuestFactsFunc facts; /* NULL: none */
    void *facts_data;
    QemuList *list;
    GPtrArray *guests; /* GuestWatch, one of each process */
    Blame *blame;      /* NULL: why is in no_blame */
    char *no_blame;
    uint64_t blame_unnamed;
    CpuTimes *cpus;
    GArray *last_cpus; /* CpuTime */
    SchedFile ksmd;
    uint64_t ksmd_ns;
    int64_t last_ns, looked_ns;
};

static bool
open_blame(NodeWatch *watch)
{
    g_autoptr(GError) error = NULL;

    if (blame_open(watch->root, &watch->blame, &error))
        return true;
    watch->no_blame = g_strdup(error->message);
    return false;
}

static void
open_ksmd(NodeWatch *watch)
{
    pid_t pid = ksm_daemon_pid(watch->root);
    QemuThread thread = { .pid = pid, .tid = pid, .name = "ksmd" };
    SchedReading reading;

    watch->ksmd = SCHED_FILE_CLOSED;
    if (pid > 0 && thread_start_ticks(watch->root, pid, pid, &thread.start_ticks, NULL) &&
        sched_open(watch->root, &thread, &watch->ksmd, NULL) &&
        sched_read(&watch->ksmd, &reading) == SCHED_READ)
        watch->ksmd_ns = reading.run_ns;
}

static GuestWatch *
find_watch(NodeWatch *watch, const QemuProcess *process)
{
    for (guint i = 0; i < watch->guests->len; i++)
        if (guest_watch_is(watch->guests->pdata[i], process))
            return g_ptr_array_steal_index(watch->guests, i);
    return NULL;
}

static unsigned
count_vcpus(const GPtrArray *processes)
{
    unsigned n = 0;

    for (guint i = 0; i < processes->len; i++)
        n += ((const QemuProcess *) processes->pdata[i])->vcpus->len;
    return n;
}

/* Brings the list up to date; a guest that stayed keeps its watch. */
static bool
look(NodeWatch *watch, GError **error)
{
    const GPtrArray *processes;
    g_autoptr(GPtrArray) guests = g_ptr_array_new_with_free_func((GDestroyNotify) guest_watch_free);

    if (!qemu_list_look(watch->list, error))
        return false;
    processes = qemu_list_processes(watch->list);
    sched_raise_limit(
        count_vcpus(processes) * VCPU_FILES + processes->len * GUEST_FILES + OTHER_FILES, NULL);
    for (guint i = 0; i < processes->len; i++) {
        const QemuProcess *process = processes->pdata[i];
        GuestWatch *guest = find_watch(watch, process);
        GuestWatchOptions options = {
            .counters = watch->counters &&
                        (!watch->counters_of || g_str_equal(watch->counters_of, process->guest)),
        };

        if (guest)
            guest_watch_refresh(guest);
        else
            guest = guest_watch_new(watch->root, process, &options);
        if (guest)
            g_ptr_array_add(guests, guest);
    }
    g_ptr_array_unref(watch->guests);
    watch->guests = g_steal_pointer(&guests);
    watch->looked_ns = clock_raw_ns();
    return !watch->blame || blame_watch(watch->blame, processes, error);
}

static void
keep_cpus(NodeWatch *watch)
{
    size_t n;
    const CpuTime *cpus = cpu_times_get(watch->cpus, &n);

    g_array_set_size(watch->last_cpus, 0);
    g_array_append_vals(watch->last_cpus, cpus, n);
}

bool
node_watch_new(const Sysroot *root, const NodeWatchOptions *options, NodeWatch **ret_watch,
               GError **error)
{
    g_autoptr(NodeWatch) watch = g_new0(NodeWatch, 1);

    watch->root = root;
    watch->counters = options->counters;
    watch->counters_of = g_strdup(options->counters_of);
    watch->facts = options->facts;
    watch->facts_data = options->facts_data;
    watch->list = qemu_list_new(root);
    watch->guests = g_ptr_array_new_with_free_func((GDestroyNotify) guest_watch_free);
    watch->last_cpus = g_array_new(FALSE, FALSE, sizeof(CpuTime));
    open_ksmd(watch);
    if (options->blame)
        open_blame(watch);
    else
        watch->no_blame = g_strdup("not asked for");
    watch->cpus = cpu_times_new(root, error);
    if (!watch->cpus || !cpu_times_read(watch->cpus, error) || !look(watch, error))
        return false;

    keep_cpus(watch);
    watch->last_ns = clock_raw_ns();
    *ret_watch = g_steal_pointer(&watch);
    return true;
}

void
node_watch_free(NodeWatch *watch)
{
    if (!watch)
        return;

    qemu_list_free(watch->list);
    g_ptr_array_unref(watch->guests);
    g_array_unref(watch->last_cpus);
    blame_close(watch->blame);
    cpu_times_free(watch->cpus);
    sched_close(&watch->ksmd);
    g_free(watch->no_blame);
    g_free(watch->counters_of);
    g_free(watch);
}

const char *
node_watch_no_blame(const NodeWatch *watch)
{
    return watch->no_blame;
}

static void
take_cpus(NodeWatch *watch, NodeView *view)
{
    const CpuTime *cpus;
    size_t n;

    if (!cpu_times_read(watch->cpus, NULL))
        return;
    cpus = cpu_times_get(watch->cpus, &n);
    view->n_cpus = n;
    for (size_t i = 0; i < n; i++) {
        CpuView cpu = { .cpu = cpus[i].cpu, .busy_ratio = NAN };

        for (guint k = 0; k < watch->last_cpus->len && view->seconds > 0; k++) {
            const CpuTime *last = &g_array_index(watch->last_cpus, CpuTime, k);

            if (last->cpu == cpu.cpu)
                cpu.busy_ratio = (double) (cpus[i].user_ns + cpus[i].system_ns + cpus[i].irq_ns -
                                           last->user_ns - last->system_ns - last->irq_ns) /
                                 (view->seconds * 1e9);
        }
        g_array_append_val(view->cpus, cpu);
    }
    keep_cpus(watch);
}

static void
take_host(NodeWatch *watch, NodeView *view)
{
    SchedReading ksmd;

    take_cpus(watch, view);
    memory_read(watch->root, &view->memory, NULL);
    view->has_ksm = ksm_read(watch->root, &view->ksm, NULL);
    view->has_pressure = pressure_read(watch->root, &view->pressure, NULL);
    view->ksmd_ratio = NAN;
    if (view->seconds > 0 && sched_read(&watch->ksmd, &ksmd) == SCHED_READ) {
        view->ksmd_ratio = (ksmd.run_ns - watch->ksmd_ns) / (view->seconds * 1e9);
        watch->ksmd_ns = ksmd.run_ns;
    }
}

static GuestView *
find_by_pid(NodeView *view, pid_t pid)
{
    for (guint i = 0; i < view->guests->len; i++)
        if (((GuestView *) view->guests->pdata[i])->pid == pid)
            return view->guests->pdata[i];
    return NULL;
}

static int
compare_pairs(const void *a, const void *b)
{
    const PairView *left = *(PairView *const *) a, *right = *(PairView *const *) b;

    return left->run_ns > right->run_ns ? -1 : left->run_ns < right->run_ns;
}

static void
add_pairs(NodeView *view, const GArray *pairs)
{
    for (guint i = 0; i < pairs->len; i++) {
        const BlamePair *pair = &g_array_index(pairs, BlamePair, i);
        PairView *shown = g_new0(PairView, 1);

        shown->guest = g_strdup(pair->guest);
        shown->other = g_strdup(pair->other);
        shown->run_ns = pair->run_ns;
        g_ptr_array_add(view->pairs, shown);
    }
    if (view->pairs->len > 0)
        qsort(view->pairs->pdata, view->pairs->len, sizeof view->pairs->pdata[0], compare_pairs);
}

static bool
take_blame(NodeWatch *watch, NodeView *view, GError **error)
{
    g_autoptr(BlameReport) report = NULL;
    GuestView *guest = NULL;

    view->no_blame = g_strdup(watch->no_blame);
    if (!watch->blame)
        return true;
    if (!blame_take(watch->blame, &report, error))
        return false;

    view->has_blame = true;
    watch->blame_unnamed += report->unnamed;
    view->blame_unnamed = watch->blame_unnamed;
    view->unwatched = report->unwatched;
    for (guint i = 0; i < report->causes->len; i++) {
        const BlameCause *cause = &g_array_index(report->causes, BlameCause, i);
        pid_t pid = g_array_index(report->victims, BlameVictim, cause->victim).pid;

        if (!guest || guest->pid != pid)
            guest = find_by_pid(view, pid);
        if (guest)
            guest_view_add_cause(guest, cause->kind, cause->name, cause->wait_ns);
    }
    add_pairs(view, report->pairs);
    return true;
}

static int
compare_guests(const void *a, const void *b)
{
    const GuestView *left = *(GuestView *const *) a, *right = *(GuestView *const *) b;

    if (left->wait_ns != right->wait_ns)
        return left->wait_ns > right->wait_ns ? -1 : 1;
    return g_strcmp0(left->name, right->name);
}

static void
add_facts(const NodeWatch *watch, GuestView *guest)
{
    uint64_t balloon_kib;
    char *title;

    if (!watch->facts || !guest->uuid ||
        !watch->facts(watch->facts_data, guest->uuid, &balloon_kib, &title))
        return;
    guest->balloon_kib = balloon_kib;
    guest->title = title;
}

/* True when a guest has ended or changed its vCPUs. */
static bool
take_guests(NodeWatch *watch, NodeView *view)
{
    bool changed = false, resctrl = resctrl_is_there(watch->root);

    for (guint i = 0; i < watch->guests->len; i++) {
        GuestView *guest = guest_view_new();

        if (!guest_watch_take(watch->guests->pdata[i], resctrl, guest)) {
            guest_view_free(guest);
            changed = true;
            continue;
        }
        add_facts(watch, guest);
        view->n_vcpus += guest->vcpus->len;
        if (guest->memory_kib != ABSENT_U64)
            view->memory_given_kib += guest->memory_kib;
        g_ptr_array_add(view->guests, guest);
    }
    return changed;
}

static NodeView *
new_view(NodeWatch *watch, int64_t now_ns)
{
    NodeView *view = node_view_new();

    view->wall_ns = clock_wall_ns();
    view->seconds = (now_ns - watch->last_ns) / 1e9;
    return view;
}

bool
node_watch_take(NodeWatch *watch, NodeView **ret_view, GError **error)
{
    int64_t now_ns = clock_raw_ns();
    g_autoptr(NodeView) view = new_view(watch, now_ns);
    bool changed = take_guests(watch, view);

    watch->last_ns = now_ns;
    take_host(watch, view);
    if (!take_blame(watch, view, error))
        return false;
    for (guint i = 0; i < view->guests->len; i++)
        guest_view_finish(view->guests->pdata[i], view->seconds);
    if (view->guests->len > 0)
        qsort(view->guests->pdata, view->guests->len, sizeof view->guests->pdata[0],
              compare_guests);
    if ((changed || now_ns - watch->looked_ns > LOOK_NS) && !look(watch, error))
        return false;

    view->take_seconds = (clock_raw_ns() - now_ns) / 1e9;
    *ret_view = g_steal_pointer(&view);
    return true;
}

bool
node_watch_blame_cost(NodeWatch *watch, BlameCost *ret_cost, GError **error)
{
    if (!watch->blame)
        return failure_set(error, FAILURE_UNSUPPORTED, "%s", watch->no_blame);
    return blame_cost(watch->blame, ret_cost, error);
}
