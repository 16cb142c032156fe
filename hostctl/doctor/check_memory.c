/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/memory.h"
#include "hostctl/doctor/checks.h"
#include "hostctl/doctor/finding.h"

#define KSM "sys/kernel/mm/ksm"
#define THP "sys/kernel/mm/transparent_hugepage/enabled"

#define KIB_PER_GIB (1024.0 * 1024.0)
/* What QEMU itself takes beside the guest's memory, translated code included. */
#define QEMU_KIB (110 * 1024)
/* More than this share of what is free is no longer comfortable. */
#define COMFORTABLE 0.8

static const Advice too_little = {
    "The guests do not fit: the host would swap or kill one of them, and both look like "
    "contention of the CPU.",
    "Ask for fewer or smaller guests, free memory, or, when overcommitted memory is the question, "
    "say so in the plan (\"memory_overcommit\") and give the guests a balloon.",
};

static const Advice tight = {
    "The guests fit, but with little to spare: the page cache shrinks, and run=2 of KSM needs room "
    "for a copy of every merged page.",
    "Free memory, or ask for smaller guests.",
};

/* A run refuses what does not fit by the guests' own memory; QEMU's share is for comfort. */
static DoctorStatus
judge_memory(const DoctorPlan *plan, double available_kib)
{
    double room_kib = available_kib * MAX(plan->memory_overcommit, 1);

    if (plan->memory_kib > room_kib)
        return DOCTOR_FAIL;
    return plan->memory_kib + (double) plan->guests * QEMU_KIB > COMFORTABLE * room_kib
               ? DOCTOR_WARN
               : DOCTOR_PASS;
}

void
check_memory(const DoctorHost *host, DoctorFinding *finding)
{
    static const Advice *const advice[] = {
        [DOCTOR_PASS] = NULL,
        [DOCTOR_WARN] = &tight,
        [DOCTOR_FAIL] = &too_little,
    };
    MemoryStats memory;
    DoctorStatus status;

    if (!memory_read(host->root, &memory, NULL)) {
        finding_untold(finding, "proc/meminfo");
        return;
    }
    status = judge_memory(host->plan, memory.available_kib);
    finding_set(finding, status, advice[status],
                "%u guests of %.1f GiB together, %.1f GiB available", host->plan->guests,
                host->plan->memory_kib / KIB_PER_GIB, memory.available_kib / KIB_PER_GIB);
}

static const Advice swapping = {
    "Memory of this host is on disk. A guest that touches it stands still in the kernel: neither "
    "run delay nor steal, but slow.",
    "Free memory, then swapoff -a && swapon -a to fetch it back. The dataset has swap in "
    "memory_sample.",
};

void
check_swap(const DoctorHost *host, DoctorFinding *finding)
{
    MemoryStats memory;

    if (!memory_read(host->root, &memory, NULL))
        finding_untold(finding, "proc/meminfo");
    else if (memory.swap_used_kib > 0)
        finding_set(finding, DOCTOR_WARN, &swapping, "%.2f GiB in use",
                    memory.swap_used_kib / KIB_PER_GIB);
    else
        finding_pass(finding, "%s", memory.swap_total_kib ? "none in use" : "none");
}

static const Advice huge_pages = {
    "Guests get huge pages (with madvise too: QEMU asks for them). KSM and the balloon split them, "
    "and they do not come back soon: KSM off, on and off again is not the same off, its TLB misses "
    "differ.",
    "Make guests anew between conditions (\"between_conditions\": \"recreate\", the default), or "
    "echo never > /sys/kernel/mm/transparent_hugepage/enabled before they start.",
};

void
check_huge_pages(const DoctorHost *host, DoctorFinding *finding)
{
    g_autofree char *enabled = tree_word(host->root, THP);

    if (!enabled)
        finding_pass(finding, "not in this kernel");
    else if (g_str_equal(enabled, "never"))
        finding_pass(finding, "never");
    else
        finding_set(finding, DOCTOR_WARN, &huge_pages, "%s", enabled);
}

static const Advice no_ksm = {
    "This kernel shares no pages, so conditions with KSM cannot be made; all others can.",
    "Take a kernel with CONFIG_KSM, or a plan whose conditions leave \"ksm\" off.",
};

void
check_ksm(const DoctorHost *host, DoctorFinding *finding)
{
    if (sysroot_exists(host->root, KSM "/run"))
        finding_pass(finding, "there");
    else
        finding_set(finding, DOCTOR_WARN, &no_ksm, "/%s is not there", KSM);
}

static const Advice ksm_on = {
    "Pages of guests are merged now: ksmd takes CPU time (at 1000 pages a scan 5 % of a CPU, at "
    "10000 a third), and a write to a merged page costs a copy. This is not the quiet condition.",
    "hostctl run sets KSM for each condition and puts it back. To measure by hand: hostctl ksm set "
    "run=2, and hostctl ksm restore afterwards.",
};

static const Advice ksm_leftovers = {
    "KSM has stopped, but what was merged stays merged (run=0 unmerges nothing): writes still pay "
    "for a copy.",
    "hostctl ksm set run=2 unmerges; it needs free memory for all the copies.",
};

void
check_ksm_run(const DoctorHost *host, DoctorFinding *finding)
{
    uint64_t run, sharing = 0;

    if (!tree_number(host->root, KSM "/run", &run)) {
        finding_pass(finding, "no KSM");
        return;
    }
    tree_number(host->root, KSM "/pages_sharing", &sharing);
    if (run == 1)
        finding_set(finding, DOCTOR_WARN, &ksm_on, "on, %" G_GUINT64_FORMAT " pages saved",
                    sharing);
    else if (sharing > 0)
        finding_set(finding, DOCTOR_WARN, &ksm_leftovers, "off, %" G_GUINT64_FORMAT " pages saved",
                    sharing);
    else
        finding_pass(finding, "off, nothing merged");
}

static const Advice advised = {
    "The kernel's advisor sets pages_to_scan by itself: the treatment changes while it is applied, "
    "and writing pages_to_scan fails with EINVAL.",
    "echo none > /sys/kernel/mm/ksm/advisor_mode (hostctl doctor --apply ksm-advisor; hostctl run "
    "does it for its own conditions).",
};

void
check_ksm_advisor(const DoctorHost *host, DoctorFinding *finding)
{
    g_autofree char *mode = tree_word(host->root, KSM "/advisor_mode");

    if (!mode)
        finding_pass(finding, "not in this kernel");
    else if (g_str_equal(mode, "none"))
        finding_pass(finding, "none");
    else
        finding_set(finding, DOCTOR_WARN, &advised, "%s", mode);
}
