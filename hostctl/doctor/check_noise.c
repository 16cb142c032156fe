/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <unistd.h>

#include "common/base/cpuset.h"
#include "common/base/text.h"
#include "hostctl/doctor/checks.h"
#include "hostctl/doctor/cpufreq.h"
#include "hostctl/doctor/finding.h"

static const Advice threads = {
    "Two vCPUs on one core share its units, caches and predictors without any run delay: "
    "contention "
    "begins at half the logical CPUs, where V:P says 50 %. The dataset keeps core_percent beside "
    "vp_percent for that.",
    "For a clean threshold at 100 %: echo off > /sys/devices/system/cpu/smt/control, or a pool of "
    "one thread a core. Leave it on where production has it on.",
};

void
check_smt(const DoctorHost *host, DoctorFinding *finding)
{
    g_autofree char *control = tree_word(host->root, "sys/devices/system/cpu/smt/control");
    uint64_t active;

    if (!tree_number(host->root, "sys/devices/system/cpu/smt/active", &active))
        finding_untold(finding, "sys/devices/system/cpu/smt/active");
    else if (active)
        finding_set(finding, DOCTOR_WARN, &threads, "on");
    else
        finding_pass(finding, "off%s%s", control ? ": " : "", control ? control : "");
}

static const Advice moving_clock = {
    "The clock follows the load: cycles a second, and how many cycles a cache miss costs, change "
    "with the number of guests by themselves.",
    "cpupower frequency-set -g performance (hostctl doctor --apply governor).",
};

static const Advice no_cpufreq = {
    "The firmware or a hypervisor sets the clock, unseen.",
    "Bare metal: give the operating system control in the firmware's power profile, or choose its "
    "maximum performance.",
};

void
check_governor(const DoctorHost *host, DoctorFinding *finding)
{
    g_autofree char *governors = cpufreq_governors(host->root);

    if (!governors)
        finding_set(finding, DOCTOR_UNKNOWN, &no_cpufreq, "no cpufreq driver");
    else if (g_str_equal(governors, "performance"))
        finding_pass(finding, "performance");
    else
        finding_set(finding, DOCTOR_WARN, &moving_clock, "%s", governors);
}

static const Advice turbo_on = {
    "The fewer cores work, the faster they run: a guest slows down as the host fills up, before "
    "anybody waits for a CPU. Ratios per cycle move too, since memory does not speed up.",
    "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo, or echo 0 > "
    "/sys/devices/system/cpu/cpufreq/boost (hostctl doctor --apply turbo). Leave it on where "
    "production has it on.",
};

void
check_turbo(const DoctorHost *host, DoctorFinding *finding)
{
    switch (cpufreq_turbo(host->root)) {
    case CPUFREQ_TURBO_ON:
        finding_set(finding, DOCTOR_WARN, &turbo_on, "on");
        break;
    case CPUFREQ_TURBO_OFF:
        finding_pass(finding, "off");
        break;
    case CPUFREQ_TURBO_UNTOLD:
        finding_set(finding, DOCTOR_UNKNOWN, &no_cpufreq, "not told");
        break;
    }
}

static const Advice busy_host = {
    "Something else runs here. It is load that no step of a ladder counts, and it moves.",
    "Look with top; stop it, or keep it out of the pool. With other people's guests: hostctl run "
    "--shared-host records their CPU time and marks windows.",
};

static unsigned
online_cpus(const Sysroot *root)
{
    g_autofree char *list = tree_word(root, "sys/devices/system/cpu/online");
    cpu_set_t online;

    if (!list || !cpuset_parse(list, &online, NULL))
        return 1;
    return CPU_COUNT(&online);
}

/* Half a CPU, or a twentieth of the host, is what an idle server's housekeeping comes to. */
void
check_load(const DoctorHost *host, DoctorFinding *finding)
{
    g_autofree char *text = tree_word(host->root, "proc/loadavg");
    g_auto(GStrv) words = g_strsplit(text ? text : "", " ", 2);
    unsigned cpus = online_cpus(host->root);
    double load;

    if (!words[0] || !text_to_double(words[0], &load, NULL))
        finding_untold(finding, "proc/loadavg");
    else if (load > MAX(0.5, 0.05 * cpus))
        finding_set(finding, DOCTOR_WARN, &busy_host, "load average %.2f on %u CPUs", load, cpus);
    else
        finding_pass(finding, "load average %.2f on %u CPUs", load, cpus);
}

/* systemd keeps a link for each unit that is active; without systemd only the process shows. */
static bool
unit_is_active(const Sysroot *root, const char *unit)
{
    g_autofree char *path = g_strdup_printf("run/systemd/units/invocation:%s.service", unit);
    g_autofree char *full = sysroot_path(root, path);
    char target[64];

    return readlink(full, target, sizeof target) > 0;
}

static bool
process_runs(const Sysroot *root, const char *comm)
{
    g_auto(GStrv) names = NULL;

    if (!sysroot_list(root, "proc", &names, NULL))
        return false;
    for (char **name = names; *name; name++) {
        g_autofree char *path = g_build_filename("proc", *name, "comm", NULL);
        g_autofree char *found = g_ascii_isdigit(**name) ? tree_word(root, path) : NULL;

        if (found && g_str_equal(found, comm))
            return true;
    }
    return false;
}

static const Advice ksmtuned_runs = {
    "It rewrites run, pages_to_scan and sleep_millisecs every minute from free memory: whatever "
    "was set by hand is gone, and KSM starts in the middle of a measurement.",
    "systemctl stop ksmtuned (hostctl doctor --apply ksmtuned). To study it, use the condition "
    "\"ksm\": \"ksmtuned\".",
};

void
check_ksmtuned(const DoctorHost *host, DoctorFinding *finding)
{
    if (unit_is_active(host->root, "ksmtuned") || process_runs(host->root, "ksmtuned"))
        finding_set(finding, DOCTOR_WARN, &ksmtuned_runs, "runs");
    else
        finding_pass(finding, "does not run");
}

static const Advice ksm_service_on = {
    "It switches KSM on at boot, and stopping or restarting it writes run.",
    "systemctl stop ksm (hostctl doctor --apply ksm-service).",
};

void
check_ksm_service(const DoctorHost *host, DoctorFinding *finding)
{
    if (unit_is_active(host->root, "ksm"))
        finding_set(finding, DOCTOR_WARN, &ksm_service_on, "active");
    else
        finding_pass(finding, "not active");
}

static const Advice mom_runs = {
    "oVirt's memory overcommit manager moves balloons and KSM by its own rules every few seconds.",
    "systemctl stop mom-vdsm or momd while measuring; put the node into maintenance in oVirt "
    "first.",
};

void
check_mom(const DoctorHost *host, DoctorFinding *finding)
{
    if (unit_is_active(host->root, "mom-vdsm") || process_runs(host->root, "momd"))
        finding_set(finding, DOCTOR_WARN, &mom_runs, "runs");
    else
        finding_pass(finding, "does not run");
}
