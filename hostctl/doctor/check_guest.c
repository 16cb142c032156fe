/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/doctor/checks.h"
#include "hostctl/doctor/finding.h"
#include "hostctl/doctor/guest_facts.h"

static const Advice nobody_talks = {
    "What a guest sees of its PMU, clock and steal only its probe can say.",
    "hostctl guest provision NAME --role micro, wait until it has booted, and look again.",
};

/* The first guest whose probe talks: guests of one host differ by their XML only. */
static const DoctorGuest *
talking_guest(const DoctorHost *host, DoctorFinding *finding)
{
    if (host->live && host->live->guests && host->live->guests->len > 0)
        return host->live->guests->pdata[0];
    finding_set(finding, DOCTOR_UNKNOWN, &nobody_talks, "no guest's probe talks");
    return NULL;
}

static const Advice unsaid = {
    "This guest's probe does not say.",
    "Give the guest the probe of this version: rebuild the guest image (appliance/build).",
};

static const Advice no_guest_pmu = {
    "Inside the guest hardware events answer ENOENT: the guest view has software events or "
    "emulated counters only.",
    "The guest needs <cpu mode='host-passthrough'/> and <pmu state='on'/> in its XML, "
    "kvm.enable_pmu=Y, and a host PMU (checks kvm-enable-pmu, pmu-present).",
};

void
check_guest_pmu(const DoctorHost *host, DoctorFinding *finding)
{
    const DoctorGuest *guest = talking_guest(host, finding);
    double pmu;

    if (!guest)
        return;
    if (!guest_fact_number(guest->facts, "pmu", &pmu))
        finding_set(finding, DOCTOR_UNKNOWN, &unsaid, "%s: not said", guest->name);
    else if (pmu == 0)
        finding_set(finding, DOCTOR_WARN, &no_guest_pmu, "%s: none", guest->name);
    else
        finding_pass(finding, "%s: there", guest->name);
}

static const Advice odd_clocksource = {
    "The guest keeps time by a clock that exits to the host at each reading, or that drifts: its "
    "windows are long and its stamps late when it waits for a CPU.",
    "kvm-clock (or tsc with <feature policy='require' name='invtsc'/>): look in the guest at "
    "/sys/devices/system/clocksource/clocksource0/available_clocksource. Translated guests have "
    "neither kvm-clock nor a stable TSC: hpet or acpi_pm is right there.",
};

void
check_guest_clocksource(const DoctorHost *host, DoctorFinding *finding)
{
    const DoctorGuest *guest = talking_guest(host, finding);
    g_autofree char *clocksource = NULL;

    if (!guest)
        return;
    clocksource = guest_fact_text(guest->facts, "clocksource");
    if (!clocksource)
        finding_set(finding, DOCTOR_UNKNOWN, &unsaid, "%s: not said", guest->name);
    else if (g_str_equal(clocksource, "kvm-clock") || g_str_equal(clocksource, "tsc"))
        finding_pass(finding, "%s: %s", guest->name, clocksource);
    else
        finding_set(finding, DOCTOR_WARN, &odd_clocksource, "%s: %s", guest->name, clocksource);
}

static const Advice no_steal = {
    "The guest has no steal clock: its /proc/stat shows 0 whatever happens, and steal_share cannot "
    "be compared with the host's run delay.",
    "The guest kernel needs CONFIG_PARAVIRT and KVM's steal time (QEMU's kvm-steal-time, on by "
    "default; no-steal-acc must not be on the guest's command line). Translated guests have none.",
};

void
check_guest_steal(const DoctorHost *host, DoctorFinding *finding)
{
    const DoctorGuest *guest = talking_guest(host, finding);
    double steal;

    if (!guest)
        return;
    if (!guest_fact_number(guest->facts, "steal_clock", &steal))
        finding_set(finding, DOCTOR_UNKNOWN, &unsaid, "%s: not said", guest->name);
    else if (steal == 0)
        finding_set(finding, DOCTOR_WARN, &no_steal, "%s: none", guest->name);
    else
        finding_pass(finding, "%s: there", guest->name);
}

static const Advice governed = {
    "The guest's kernel moves its work to fewer vCPUs when steal rises (Steal Governor): the load "
    "that a step of the ladder asks for is no longer there.",
    "modprobe -r steal_governor in the guest, in bulk guests above all; or take a guest kernel "
    "without CONFIG_STEAL_GOVERNOR.",
};

void
check_steal_governor(const DoctorHost *host, DoctorFinding *finding)
{
    const DoctorGuest *guest = talking_guest(host, finding);
    double governor;

    if (!guest)
        return;
    if (!guest_fact_number(guest->facts, "steal_governor", &governor))
        finding_set(finding, DOCTOR_UNKNOWN, &unsaid, "%s: not said", guest->name);
    else if (governor != 0)
        finding_set(finding, DOCTOR_WARN, &governed, "%s: on", guest->name);
    else
        finding_pass(finding, "%s: off or not in its kernel", guest->name);
}
