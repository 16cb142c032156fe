/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/pmu_refusal.h"

#include <errno.h>

/* The first row that fits counts. */
static const struct {
    int refusal;
    enum { ANY, SELF_ONLY, GUEST_ONLY, IN_GROUP } when;
    FailureCode code;
    const char *advice;
} advices[] = {
    { EACCES, ANY, FAILURE_FAILED,
      "not permitted; run as root or with CAP_PERFMON, or lower kernel.perf_event_paranoid" },
    { EPERM, ANY, FAILURE_FAILED,
      "not permitted; run as root or with CAP_PERFMON (in a container, its seccomp profile may "
      "forbid the call)" },
    { ENOENT, SELF_ONLY, FAILURE_UNSUPPORTED,
      "this machine has no PMU that counts it; a guest needs a vPMU (<pmu state='on'/> and a host "
      "with kvm.enable_pmu), or use the emulated or the software source" },
    { ENOENT, ANY, FAILURE_UNSUPPORTED,
      "this host has no PMU that counts it; use the emulated or the software source" },
    { EOPNOTSUPP, GUEST_ONLY, FAILURE_UNSUPPORTED,
      "the PMU cannot count guests apart, or a guest with a mediated vPMU runs (kvm_intel or "
      "kvm_amd enable_mediated_pmu): then only :H can be counted" },
    { EOPNOTSUPP, ANY, FAILURE_UNSUPPORTED,
      "the PMU cannot count it this way; try a generic event such as cycles" },
    { ENODEV, ANY, FAILURE_UNSUPPORTED, "the CPU is offline or has no such PMU" },
    { ENOSYS, ANY, FAILURE_UNSUPPORTED, "the kernel was built without perf events" },
    { EBUSY, ANY, FAILURE_FAILED,
      "another program holds the PMU; end other perf users and the NMI watchdog "
      "(kernel.nmi_watchdog=0)" },
    { EMFILE, ANY, FAILURE_FAILED,
      "too many open files; raise “ulimit -n” (one is needed for each event and vCPU)" },
    { ENFILE, ANY, FAILURE_FAILED, "the system has too many open files; raise fs.file-max" },
    { ESRCH, ANY, FAILURE_FAILED, "there is no such thread (any more)" },
    { EINVAL, IN_GROUP, FAILURE_FAILED,
      "the kernel refuses it in this group; more events than the PMU has counters? Ask for fewer" },
    { EINVAL, ANY, FAILURE_FAILED,
      "the kernel refuses it; the CPU or the kernel may not know this event or its modifiers" },
    { E2BIG, ANY, FAILURE_FAILED, "a group holds no more events" },
};

char *
pmu_target_describe(const PmuTarget *target)
{
    if (target->cpu >= 0)
        return g_strdup_printf("CPU %d", target->cpu);
    if (target->tid == 0)
        return g_strdup("this thread");
    return g_strdup_printf("thread %d", (int) target->tid);
}

static bool
applies(int when, const PmuEvent *event, unsigned n_before)
{
    switch (when) {
    case SELF_ONLY:
        return !event->attr.exclude_host && !event->attr.exclude_guest;
    case GUEST_ONLY:
        return event->attr.exclude_host;
    case IN_GROUP:
        return n_before > 0;
    default:
        return true;
    }
}

char *
pmu_refusal_reason(int refusal, const PmuEvent *event, unsigned n_before, FailureCode *ret_code)
{
    for (size_t i = 0; i < G_N_ELEMENTS(advices); i++) {
        if (advices[i].refusal != refusal || !applies(advices[i].when, event, n_before))
            continue;
        *ret_code = advices[i].code;
        return g_strdup_printf("%s (%s)", advices[i].advice, g_strerror(refusal));
    }
    *ret_code = FAILURE_FAILED;
    return g_strdup(g_strerror(refusal));
}
