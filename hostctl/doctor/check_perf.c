/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "common/base/text.h"
#include "hostctl/doctor/checks.h"
#include "hostctl/doctor/finding.h"
#include "hostctl/doctor/holders.h"

#define PARANOID "proc/sys/kernel/perf_event_paranoid"

static const Advice paranoid_kernel = {
    "Who has no CAP_PERFMON may count user code only: of a guest, whose kernel counts as kernel "
    "code, a part. Guests of other users cannot be counted at all.",
    "Run hostctl as root, or give it the right: setcap cap_perfmon,cap_sys_ptrace,cap_bpf=ep "
    "hostctl. For one's own guests only: sysctl kernel.perf_event_paranoid=1 (hostctl doctor "
    "--apply perf-paranoid).",
};

static const Advice paranoid_all = {
    "Who has no CAP_PERFMON may count nothing at all: a level above 2 is Debian's or Ubuntu's.",
    "Run hostctl as root, or give it the right: setcap cap_perfmon,cap_sys_ptrace,cap_bpf=ep "
    "hostctl. For one's own guests only: sysctl kernel.perf_event_paranoid=1 (hostctl doctor "
    "--apply perf-paranoid).",
};

void
check_paranoid(const DoctorHost *host, DoctorFinding *finding)
{
    g_autofree char *text = tree_word(host->root, PARANOID);
    int64_t level;

    if (!text || !text_to_i64(text, &level, NULL))
        finding_untold(finding, PARANOID);
    else if (host->live && host->live->foreign_errno == 0)
        finding_pass(finding, "%s, which does not bind this process", text);
    else if (level <= 1)
        finding_pass(finding, "%s", text);
    else
        finding_set(finding, DOCTOR_WARN, level > 2 ? &paranoid_all : &paranoid_kernel, "%s", text);
}

static const Advice no_permission = {
    "QEMU runs as another user: counting its threads needs CAP_PERFMON (CAP_SYS_ADMIN before Linux "
    "5.8), or the right to trace it.",
    "Run hostctl as root, or setcap cap_perfmon,cap_sys_ptrace,cap_bpf=ep hostctl. As root in a "
    "container: its seccomp profile refuses perf_event_open(2), and it needs the host's pid "
    "namespace.",
};

void
check_permission(const DoctorHost *host, DoctorFinding *finding)
{
    if (!host->live)
        finding_needs_host(finding);
    else if (host->live->foreign_errno == 0)
        finding_pass(finding, "may count the threads of other users");
    else
        finding_set(finding, DOCTOR_FAIL, &no_permission, "counting process 1: %s",
                    g_strerror(host->live->foreign_errno));
}

static bool
parse_limit(const char *text, uint64_t *ret_limit)
{
    if (g_str_equal(text, "unlimited")) {
        *ret_limit = G_MAXUINT64;
        return true;
    }
    return text_to_u64(text, ret_limit, NULL);
}

/* "Max open files            1024                 524288               files" */
static bool
open_files_limit(const DoctorHost *host, uint64_t *ret_soft, uint64_t *ret_hard)
{
    static const char key[] = "Max open files";
    g_autofree char *limits = NULL;
    g_auto(GStrv) words = NULL;
    const char *line;

    if (!sysroot_read(host->root, "proc/self/limits", &limits, NULL) ||
        !(line = strstr(limits, key)))
        return false;
    words = g_regex_split_simple("\\s+", line + strlen(key), 0, 0);
    return g_strv_length(words) > 2 && parse_limit(words[1], ret_soft) &&
           parse_limit(words[2], ret_hard);
}

/*
 * One descriptor a vCPU for its run delay and one an event and mode; one a guest for its link, and
 * some for libvirt, the dataset and the kernel's files.
 */
static uint64_t
descriptors_for(const DoctorPlan *plan)
{
    const unsigned modes = 2, a_guest = 4, own = 64;

    return own + (uint64_t) plan->guests * a_guest +
           (uint64_t) plan->vcpus * (1 + modes * g_strv_length((char **) plan->events));
}

static const Advice few_descriptors = {
    "Each event of each vCPU is an open file: opening ends with EMFILE half-way.",
    "Raise the hard limit: ulimit -Hn as root, LimitNOFILE= in a systemd unit, nofile in "
    "/etc/security/limits.conf. The soft one hostctl raises itself.",
};

void
check_descriptors(const DoctorHost *host, DoctorFinding *finding)
{
    uint64_t need = descriptors_for(host->plan);
    uint64_t soft, hard;

    if (!open_files_limit(host, &soft, &hard))
        finding_untold(finding, "proc/self/limits");
    else if (need <= hard)
        finding_pass(finding, "%" G_GUINT64_FORMAT " needed at most, the limit is %s", need,
                     need <= soft ? "higher" : "raised when needed");
    else
        finding_set(finding, DOCTOR_FAIL, &few_descriptors,
                    "%" G_GUINT64_FORMAT " needed at most, the hard limit is %" G_GUINT64_FORMAT,
                    need, hard);
}

static const Advice others_count = {
    "Their events may hold counters that a guest's or ours then lack: pinned ones win over "
    "everybody on their CPU. Which events they are cannot be seen from outside (tracepoints and "
    "software events, as eBPF tools hold them, cost no counter).",
    "Stop them for the run (perf, profilers, PMU agents such as rezolus or a PCP perfevent "
    "module), or check with hostctl selftest that nothing is starved.",
};

static const Advice others_unseen = {
    "The descriptors of other users' processes cannot be listed.",
    "Run hostctl doctor as root.",
};

void
check_perf_holders(const DoctorHost *host, DoctorFinding *finding)
{
    PerfHolders holders = perf_holders_find(host->root);

    if (holders.names->len > 0)
        finding_set(finding, DOCTOR_WARN, &others_count, "%s", holders.names->str);
    else if (holders.n_unreadable > 0)
        finding_set(finding, DOCTOR_UNKNOWN, &others_unseen,
                    "%u processes could not be looked into", holders.n_unreadable);
    else
        finding_pass(finding, "nobody");
    g_string_free(holders.names, TRUE);
}

static const Advice libvirt_counts = {
    "libvirt's <perf> events count guest and host together, unscaled, on QEMU's first thread; "
    "switched on late they miss every vCPU. They take counters from the guest, and under a "
    "mediated vPMU keep it from starting.",
    "virsh perf DOMAIN --live --config --disable EVENT for each of them (virsh perf DOMAIN lists).",
};

static const Advice libvirt_unasked = {
    "Domains with <perf> events could not be listed.",
    "Mend the connection (check libvirt), or look with virsh perf DOMAIN.",
};

void
check_libvirt_perf(const DoctorHost *host, DoctorFinding *finding)
{
    g_autofree char *names = NULL;

    if (!host->live) {
        finding_needs_host(finding);
        return;
    }
    if (host->live->virt_problem || !host->live->perf_domains) {
        finding_set(finding, DOCTOR_UNKNOWN, &libvirt_unasked, "not looked at");
        return;
    }
    names = g_strjoinv(", ", host->live->perf_domains);
    if (*names)
        finding_set(finding, DOCTOR_WARN, &libvirt_counts, "on %s", names);
    else
        finding_pass(finding, "none");
}
