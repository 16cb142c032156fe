/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/pmu_group.h"

#include <errno.h>
#include <string.h>

#include "common/base/failure.h"
#include "common/pmu/pmu_refusal.h"

struct PmuGroup {
    PmuTarget target;
    unsigned n_events;
    int fds[EVENT_MAX]; /* the first is the leader */
    uint64_t ids[EVENT_MAX];
};

/* What read(2) gives for a group with these read_format bits. */
typedef struct {
    uint64_t n_values, enabled_ns, running_ns;
    struct {
        uint64_t value, id;
    } events[EVENT_MAX];
} GroupRecord;
#define READ_FORMAT                                                        \
    (PERF_FORMAT_GROUP | PERF_FORMAT_ID | PERF_FORMAT_TOTAL_TIME_ENABLED | \
     PERF_FORMAT_TOTAL_TIME_RUNNING)

PmuGroup *
pmu_group_new(const PmuTarget *target)
{
    PmuGroup *group = g_new0(PmuGroup, 1);

    g_assert((target->tid >= 0) != (target->cpu >= 0));
    group->target = *target;
    if (!group->target.kernel)
        group->target.kernel = &pmu_kernel_real;
    return group;
}

void
pmu_group_free(PmuGroup *group)
{
    const PmuKernel *kernel;

    if (!group)
        return;

    kernel = group->target.kernel;
    for (unsigned i = 0; i < group->n_events; i++)
        kernel->close(kernel->context, group->fds[i]);
    g_free(group);
}

static struct perf_event_attr
group_attr(const PmuGroup *group, const PmuEvent *event)
{
    struct perf_event_attr attr = event->attr;
    bool leads = group->n_events == 0;

    attr.size = sizeof attr;
    attr.pinned = 0; /* a pinned host event would silently starve the guest's own counters */
    attr.disabled = leads;
    attr.enable_on_exec = leads && group->target.start_on_exec;
    attr.inherit = group->target.inherit;
    attr.read_format = READ_FORMAT;
    return attr;
}

static int
open_event(PmuGroup *group, const PmuEvent *event)
{
    const PmuKernel *kernel = group->target.kernel;
    struct perf_event_attr attr = group_attr(group, event);
    int leader = group->n_events == 0 ? -1 : group->fds[0];
    uint64_t id;
    int fd = kernel->open(kernel->context, &attr, group->target.tid, group->target.cpu, leader);

    if (fd < 0)
        return errno;
    if (kernel->ioctl(kernel->context, fd, PERF_EVENT_IOC_ID, (unsigned long) &id) < 0) {
        int saved = errno;

        kernel->close(kernel->context, fd);
        return saved;
    }
    group->fds[group->n_events] = fd;
    group->ids[group->n_events] = id;
    group->n_events++;
    return 0;
}

static void
set_refusal(const PmuGroup *group, const PmuEvent *event, int refusal, GError **error)
{
    FailureCode code;
    g_autofree char *reason = pmu_refusal_reason(refusal, event, group->n_events, &code);
    g_autofree char *target = pmu_target_describe(&group->target);

    failure_set(error, code, "counting %s on %s: %s", event->printable, target, reason);
}

int
pmu_group_add(PmuGroup *group, const PmuEvent *event, GError **error)
{
    int refusal = group->n_events < EVENT_MAX ? open_event(group, event) : E2BIG;

    if (refusal)
        set_refusal(group, event, refusal, error);
    return refusal;
}

unsigned
pmu_group_size(const PmuGroup *group)
{
    return group->n_events;
}

static bool
control(PmuGroup *group, unsigned long request, const char *what, GError **error)
{
    const PmuKernel *kernel = group->target.kernel;

    if (group->n_events == 0)
        return true;
    if (kernel->ioctl(kernel->context, group->fds[0], request, PERF_IOC_FLAG_GROUP) < 0) {
        g_autofree char *target = pmu_target_describe(&group->target);

        return failure_set_errno(error, errno, "%s the counters of %s", what, target);
    }
    return true;
}

bool
pmu_group_enable(PmuGroup *group, GError **error)
{
    return control(group, PERF_EVENT_IOC_ENABLE, "starting", error);
}

bool
pmu_group_disable(PmuGroup *group, GError **error)
{
    return control(group, PERF_EVENT_IOC_DISABLE, "stopping", error);
}

bool
pmu_group_rearm(PmuGroup *group, GError **error)
{
    return pmu_group_disable(group, error) && pmu_group_enable(group, error);
}

static bool
fail_read(const PmuGroup *group, int errno_value, GError **error)
{
    g_autofree char *target = pmu_target_describe(&group->target);

    if (errno_value)
        return failure_set_errno(error, errno_value, "reading the counters of %s", target);
    return failure_set(
        error, FAILURE_FAILED,
        "reading the counters of %s: the kernel gave a record that is no group of %u", target,
        group->n_events);
}

/* The kernel lists the leader, then its siblings; the ids say which is which in any case. */
static bool
sort_values(const PmuGroup *group, const GroupRecord *record, PmuReading *reading)
{
    for (unsigned i = 0; i < group->n_events; i++) {
        unsigned at = 0;

        while (at < group->n_events && record->events[at].id != group->ids[i])
            at++;
        if (at == group->n_events)
            return false;
        reading->values[i] = record->events[at].value;
    }
    return true;
}

bool
pmu_group_read(PmuGroup *group, PmuReading *ret_reading, GError **error)
{
    const PmuKernel *kernel = group->target.kernel;
    size_t size = offsetof(GroupRecord, events[group->n_events]);
    PmuReading reading = { .n_values = group->n_events };
    GroupRecord record;
    ssize_t n;

    if (group->n_events == 0) {
        *ret_reading = reading;
        return true;
    }

    n = kernel->read(kernel->context, group->fds[0], &record, size);
    if (n < 0)
        return fail_read(group, errno, error);
    if ((size_t) n != size || record.n_values != group->n_events ||
        !sort_values(group, &record, &reading))
        return fail_read(group, 0, error);

    reading.enabled_ns = record.enabled_ns;
    reading.running_ns = record.running_ns;
    *ret_reading = reading;
    return true;
}
