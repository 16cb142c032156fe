/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "hostctl/doctor/checks.h"
#include "hostctl/doctor/finding.h"

#define VULNERABILITIES "sys/devices/system/cpu/vulnerabilities/"

/* What the kernel's text about one vulnerability says of the branch signal. */
typedef struct {
    const char *words; /* looked for in the text; NULL: in any text */
    const Advice *advice;
} Rule;

/* The first rule that matches warns; none matching passes. */
static void
judge(const DoctorHost *host, DoctorFinding *finding, const char *path, const Rule *rules, size_t n)
{
    g_autofree char *text = NULL;

    if (!sysroot_read(host->root, path, &text, NULL)) {
        finding_pass(finding, "not in this kernel");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (rules[i].words && !strstr(text, rules[i].words))
            continue;
        if (rules[i].advice)
            finding_set(finding, DOCTOR_WARN, rules[i].advice, "%s", text);
        else
            finding_pass(finding, "%s", text);
        return;
    }
    finding_pass(finding, "%s", text);
}

static const Advice flush_at_every_switch = {
    "Predictors are flushed at every change of process, not only when another guest's vCPU takes "
    "the CPU over: branch misses then rise with any neighbour, guest or host process. Thresholds "
    "learned here hold only where this is set too.",
    "The kernel's default, spectre_v2_user=auto, flushes on demand. Leave it where it was chosen: "
    "the dataset records it.",
};

static const Advice no_flush = {
    "No predictor flush when another guest's vCPU takes the CPU over. The branch signal then comes "
    "from the neighbours' training alone: weaker, and of another shape. Thresholds from hosts with "
    "IBPB do not hold here, nor the reverse.",
    "If nobody decided so, take mitigations=off, spectre_v2=off or spectre_v2_user=off from the "
    "kernel command line; else leave it: the dataset records it.",
};

void
check_spectre_v2(const DoctorHost *host, DoctorFinding *finding)
{
    static const Rule rules[] = {
        { "IBPB: conditional", NULL },
        { "IBPB: always-on", &flush_at_every_switch },
        { NULL, &no_flush },
    };

    judge(host, finding, VULNERABILITIES "spectre_v2", rules, G_N_ELEMENTS(rules));
}

static const Advice flush_at_qemu = {
    "Each exit that reaches QEMU (virtio-serial, an emulated console or disk, the balloon) flushes "
    "the predictors, contended or not. hostctl sends nothing inside a window, but the guest's own "
    "devices do.",
    "Use vhost devices and no serial output while measuring. vmscape=off only on a host on which "
    "all guests are yours.",
};

static const Advice flush_at_exit = {
    "Predictors are flushed at every VM exit: branch misses follow the guest's exit rate, alone or "
    "in company, and the signal of contention drowns.",
    "Compare only with hosts that do the same, and look at exits beside misses (hostctl stat). "
    "Another mitigation is a question for whoever secures this host, not for a measurement.",
};

void
check_vmscape(const DoctorHost *host, DoctorFinding *finding)
{
    static const Rule rules[] = {
        { "IBPB before exit to userspace", &flush_at_qemu },
        { "IBPB on VMEXIT", &flush_at_exit },
    };

    judge(host, finding, VULNERABILITIES "vmscape", rules, G_N_ELEMENTS(rules));
}

void
check_retbleed(const DoctorHost *host, DoctorFinding *finding)
{
    static const Rule rules[] = {
        { "Mitigation: IBPB", &flush_at_exit },
    };

    judge(host, finding, VULNERABILITIES "retbleed", rules, G_N_ELEMENTS(rules));
}

void
check_srso(const DoctorHost *host, DoctorFinding *finding)
{
    static const Rule rules[] = {
        { "Mitigation: IBPB", &flush_at_exit },
    };

    judge(host, finding, VULNERABILITIES "spec_rstack_overflow", rules, G_N_ELEMENTS(rules));
}
