/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The system calls of the simulated PMU: what they refuse, in the kernel's order, and how they
 * read. */
#include <errno.h>
#include <string.h>

#include "common/base/event.h"
#include "tests/support/sim_pmu_private.h"

#define ANY_CPU (-1)

SimEvent *
sim_event_by_fd(const SimPmu *sim, int fd)
{
    for (guint i = 0; i < sim->events->len; i++) {
        SimEvent *event = sim->events->pdata[i];

        if (fd >= 0 && event->fd == fd)
            return event;
    }
    return NULL;
}

static bool
includes_guest(const SimEvent *event)
{
    return !event->software && !event->attr.exclude_guest;
}

static SimContext *
context_of(SimPmu *sim, const SimEvent *event)
{
    return event->tid >= 0 ? &sim_thread(sim, event->tid)->context : sim_cpu(sim, event->cpu);
}

static GPtrArray *
list_of(SimPmu *sim, const SimEvent *leader)
{
    SimContext *context = context_of(sim, leader);

    return leader->attr.pinned ? context->pinned : context->flexible;
}

SimEvent *
sim_event_new(SimPmu *sim, const struct perf_event_attr *attr, pid_t tid, int cpu, SimEvent *leader)
{
    SimEvent *event = g_new0(SimEvent, 1);

    *event = (SimEvent){
        .fd = -1,
        .id = sim->next_id++,
        .attr = *attr,
        .kind = sim_kind(attr),
        .software = sim_is_software(attr),
        .tid = tid,
        .cpu = cpu,
        .leader = leader ? leader : event,
        .state = attr->disabled ? SIM_OFF : SIM_WAITING,
    };
    g_ptr_array_add(sim->events, event);
    if (!leader) {
        event->members = g_ptr_array_new();
        g_ptr_array_add(list_of(sim, event), event);
    }
    g_ptr_array_add(event->leader->members, event);
    sim->n_including_guest += includes_guest(event);
    return event;
}

/* A closed leader's siblings go on by themselves. */
static void
promote_siblings(SimPmu *sim, SimEvent *leader)
{
    for (guint i = 1; i < leader->members->len; i++) {
        SimEvent *event = leader->members->pdata[i];

        event->leader = event;
        event->members = g_ptr_array_new();
        g_ptr_array_add(event->members, event);
        g_ptr_array_add(list_of(sim, event), event);
    }
}

void
sim_event_remove(SimPmu *sim, SimEvent *event)
{
    sim->n_including_guest -= includes_guest(event);
    if (event->leader == event) {
        promote_siblings(sim, event);
        g_ptr_array_remove(list_of(sim, event), event);
    } else {
        g_ptr_array_remove(event->leader->members, event);
    }
    g_ptr_array_remove(sim->events, event);
}

void
sim_event_enable(SimEvent *event, bool enable)
{
    event->state = enable ? SIM_WAITING : SIM_OFF;
}

/* perf_event_open(2), until the event is made: descriptors, group, thread. */
static int
refuse_target(const SimPmu *sim, pid_t tid, int group_fd)
{
    const SimThread *thread = sim_thread(sim, tid);

    if (sim->options.max_fds && sim->n_fds >= sim->options.max_fds)
        return EMFILE;
    if (group_fd >= 0 && !sim_event_by_fd(sim, group_fd))
        return EBADF;
    return tid >= 0 && (!thread || !thread->alive) ? ESRCH : 0;
}

static int
refuse_event(const SimPmu *sim, const struct perf_event_attr *attr)
{
    if (sim_is_software(attr))
        return 0;
    if (sim->options.no_pmu)
        return ENOENT;
    if (sim->n_mediated_guests > 0 && !attr->exclude_guest)
        return EOPNOTSUPP;
    return sim->options.reserved ? EBUSY : 0;
}

/* validate_group(): with nobody else there. */
static bool
could_ever_fit(const SimPmu *sim, const SimEvent *leader, const struct perf_event_attr *attr)
{
    unsigned used[SIM_KINDS] = { 0 };

    for (guint i = 0; leader && i < leader->members->len; i++) {
        const SimEvent *event = leader->members->pdata[i];

        used[event->kind] += !event->software;
    }
    used[sim_kind(attr)] += !sim_is_software(attr);
    return sim_fits(&sim->options.capacity, used);
}

static int
refuse_group(const SimPmu *sim, const struct perf_event_attr *attr, pid_t tid, int cpu,
             const SimEvent *leader)
{
    if (leader && (leader->leader != leader || leader->tid != tid || leader->cpu != cpu ||
                   leader->attr.inherit != attr->inherit || attr->pinned || attr->exclusive))
        return EINVAL;
    return could_ever_fit(sim, leader, attr) ? 0 : EINVAL;
}

static int
sim_open(void *context, const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
    SimPmu *sim = context;
    SimEvent *leader = group_fd >= 0 ? sim_event_by_fd(sim, group_fd) : NULL;
    SimEvent *event;

    errno = refuse_target(sim, tid, group_fd);
    if (errno == 0)
        errno = refuse_event(sim, attr);
    if (errno == 0)
        errno = sim->options.refuse_errno; /* asked after the PMU was */
    if (errno == 0)
        errno = refuse_group(sim, attr, tid, cpu, leader);
    if (errno != 0)
        return -1;

    event = sim_event_new(sim, attr, tid, cpu, leader);
    event->fd = sim->next_fd++;
    sim->n_fds++;
    return event->fd;
}

static void
append(GArray *record, uint64_t value)
{
    g_array_append_val(record, value);
}

static void
append_event(GArray *record, const SimEvent *event)
{
    append(record, (uint64_t) event->value);
    if (event->leader->attr.read_format & PERF_FORMAT_ID)
        append(record, event->id);
}

static ssize_t
sim_read(void *context, int fd, void *buffer, size_t size)
{
    const SimEvent *event = sim_event_by_fd(context, fd);
    g_autoptr(GArray) record = g_array_new(false, false, sizeof(uint64_t));
    uint64_t format;

    if (!event) {
        errno = EBADF;
        return -1;
    }
    if (event->state == SIM_ERROR)
        return 0;

    format = event->attr.read_format;
    if (format & PERF_FORMAT_GROUP)
        append(record, event->members->len);
    else
        append(record, (uint64_t) event->value);
    if (format & PERF_FORMAT_TOTAL_TIME_ENABLED)
        append(record, (uint64_t) event->enabled_ns);
    if (format & PERF_FORMAT_TOTAL_TIME_RUNNING)
        append(record, (uint64_t) event->running_ns);
    if (!(format & PERF_FORMAT_GROUP) && (format & PERF_FORMAT_ID))
        append(record, event->id);
    for (guint i = 0; (format & PERF_FORMAT_GROUP) && i < event->members->len; i++)
        append_event(record, event->members->pdata[i]);

    if (size < record->len * sizeof(uint64_t)) {
        errno = ENOSPC;
        return -1;
    }
    memcpy(buffer, record->data, record->len * sizeof(uint64_t));
    return (ssize_t) (record->len * sizeof(uint64_t));
}

static void
for_each_in_group(SimEvent *event, bool group, void (*act)(SimEvent *event, bool how), bool how)
{
    GPtrArray *members = event->leader->members;

    if (!group) {
        act(event, how);
        return;
    }
    for (guint i = 0; i < members->len; i++)
        act(members->pdata[i], how);
}

/* Counts only: the times stay. */
static void
reset(SimEvent *event, bool how)
{
    event->value = 0;
}

static int
sim_ioctl(void *context, int fd, unsigned long request, unsigned long argument)
{
    SimEvent *event = sim_event_by_fd(context, fd);
    bool group = argument == PERF_IOC_FLAG_GROUP;

    if (!event) {
        errno = EBADF;
        return -1;
    }
    switch (request) {
    case PERF_EVENT_IOC_ENABLE:
    case PERF_EVENT_IOC_DISABLE:
        for_each_in_group(event, group, sim_event_enable, request == PERF_EVENT_IOC_ENABLE);
        return 0;
    case PERF_EVENT_IOC_RESET:
        for_each_in_group(event, group, reset, true);
        return 0;
    case PERF_EVENT_IOC_ID:
        *(uint64_t *) argument = event->id;
        return 0;
    default:
        errno = ENOTTY;
        return -1;
    }
}

static int
sim_close(void *context, int fd)
{
    SimPmu *sim = context;
    SimEvent *event = sim_event_by_fd(sim, fd);

    if (!event) {
        errno = EBADF;
        return -1;
    }
    sim->n_fds--;
    sim_event_remove(sim, event);
    return 0;
}

PmuKernel
sim_calls(SimPmu *sim)
{
    return (PmuKernel){
        .open = sim_open, .read = sim_read, .ioctl = sim_ioctl, .close = sim_close, .context = sim
    };
}
