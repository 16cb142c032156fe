/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fixture changed in one fact changes exactly that check. */
#include "hostctl/doctor/doctor.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/fixture_copy.h"

#define CPU "sys/devices/system/cpu/"
#define VULNERABLE CPU "vulnerabilities/"
#define KSM "sys/kernel/mm/ksm/"
#define GUEST_GROUP "sys/fs/cgroup/machine.slice/machine-qemu\\x2d1\\x2dweb.scope/libvirt/vcpu0/"

/* What the file is changed to. */
#define GONE NULL

typedef struct {
    const char *fixture;
    const char *path;
    const char *text; /* NULL: removed */
    const char *check;
    DoctorStatus status;
} Fact;

static const char *const clean = "host-sapphirerapids";

static const Fact facts[] = {
    /* the prepared node, made worse */
    { "host-sapphirerapids", "sys/bus/event_source/devices/cpu_atom/type", "8", "hybrid",
      DOCTOR_FAIL },
    { "host-sapphirerapids", "sys/devices/system/clocksource/clocksource0/current_clocksource",
      "hpet\n", "clocksource", DOCTOR_WARN },
    { "host-sapphirerapids", VULNERABLE "spectre_v2",
      "Vulnerable; IBPB: disabled; STIBP: disabled\n", "spectre-v2", DOCTOR_WARN },
    { "host-sapphirerapids", VULNERABLE "spectre_v2",
      "Mitigation: Enhanced / Automatic IBRS; IBPB: always-on; RSB filling\n", "spectre-v2",
      DOCTOR_WARN },
    { "host-sapphirerapids", VULNERABLE "vmscape", "Mitigation: IBPB before exit to userspace\n",
      "vmscape", DOCTOR_WARN },
    { "host-sapphirerapids", VULNERABLE "vmscape", "Mitigation: IBPB on VMEXIT\n", "vmscape",
      DOCTOR_WARN },
    { "host-sapphirerapids", VULNERABLE "retbleed", "Mitigation: IBPB\n", "retbleed", DOCTOR_WARN },
    { "host-sapphirerapids", VULNERABLE "spec_rstack_overflow", "Mitigation: IBPB\n", "srso",
      DOCTOR_WARN },
    { "host-sapphirerapids", "sys/module/kvm_intel", GONE, "kvm-module", DOCTOR_FAIL },
    { "host-sapphirerapids", "dev/kvm", GONE, "kvm-device", DOCTOR_FAIL },
    { "host-sapphirerapids", "sys/module/kvm/parameters/enable_pmu", "N\n", "kvm-enable-pmu",
      DOCTOR_FAIL },
    { "host-sapphirerapids", "sys/module/kvm_intel/parameters/enable_mediated_pmu", "Y\n",
      "mediated-vpmu", DOCTOR_WARN },
    { "host-sapphirerapids", "sys/module/kvm_intel/parameters/enable_mediated_pmu", "N\n",
      "mediated-vpmu", DOCTOR_PASS },
    { "host-sapphirerapids", "sys/module/kvm/parameters/halt_poll_ns", "200000\n", "halt-poll",
      DOCTOR_WARN },
    { "host-sapphirerapids", "sys/bus/event_source/devices/cpu", GONE, "pmu-present", DOCTOR_FAIL },
    { "host-sapphirerapids", "proc/sys/kernel/nmi_watchdog", "1\n", "nmi-watchdog", DOCTOR_WARN },
    { "host-sapphirerapids", "proc/sys/kernel/perf_event_paranoid", "2\n", "perf-paranoid",
      DOCTOR_WARN },
    { "host-sapphirerapids", "proc/sys/kernel/perf_event_paranoid", "4\n", "perf-paranoid",
      DOCTOR_WARN },
    { "host-sapphirerapids", "proc/self/limits",
      "Max open files            256                  256     files\n", "descriptors",
      DOCTOR_FAIL },
    { "host-sapphirerapids", "proc/self/schedstat", "0 0 0\n", "schedstat", DOCTOR_FAIL },
    { "host-sapphirerapids", "proc/sys/kernel/sched_schedstats", "1\n", "sched-schedstats",
      DOCTOR_PASS },
    { "host-sapphirerapids", "proc/pressure", GONE, "pressure", DOCTOR_WARN },
    { "host-sapphirerapids", "sys/devices/system/node/node1/cpulist", "16-31\n", "numa",
      DOCTOR_WARN },
    { "host-sapphirerapids", CPU "isolated", "4-7\n", "isolated-cpus", DOCTOR_WARN },
    { "host-sapphirerapids", GUEST_GROUP "cpu.max", "50000 100000\n", "cpu-quota", DOCTOR_WARN },
    { "host-sapphirerapids", "sys/fs/cgroup/cpu,cpuacct/machine.slice/a.scope/cpu.cfs_quota_us",
      "-1\n", NULL, DOCTOR_PASS },
    { "host-sapphirerapids", "proc/meminfo",
      "MemTotal: 268435456 kB\nMemAvailable: 9000000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
      "memory", DOCTOR_FAIL },
    { "host-sapphirerapids", "proc/meminfo",
      "MemTotal: 268435456 kB\nMemAvailable: 20000000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
      "memory", DOCTOR_WARN },
    { "host-sapphirerapids", "sys/kernel/mm/transparent_hugepage/enabled",
      "always [madvise] never\n", "huge-pages", DOCTOR_WARN },
    { "host-sapphirerapids", KSM "run", "1\n", "ksm-run", DOCTOR_WARN },
    { "host-sapphirerapids", KSM "pages_sharing", "4711\n", "ksm-run", DOCTOR_WARN },
    { "host-sapphirerapids", KSM "advisor_mode", "none [scan-time]\n", "ksm-advisor", DOCTOR_WARN },
    { "host-sapphirerapids", KSM "advisor_mode", GONE, "ksm-advisor", DOCTOR_PASS },
    { "host-sapphirerapids", CPU "smt/active", "1\n", "smt", DOCTOR_WARN },
    { "host-sapphirerapids", CPU "cpufreq/policy1/scaling_governor", "powersave\n", "governor",
      DOCTOR_WARN },
    { "host-sapphirerapids", CPU "cpufreq", GONE, "governor", DOCTOR_UNKNOWN },
    { "host-sapphirerapids", CPU "intel_pstate/no_turbo", "0\n", "turbo", DOCTOR_WARN },
    { "host-sapphirerapids", "proc/loadavg", "9.31 4.00 1.00 9/1203 48211\n", "load", DOCTOR_WARN },
    { "host-sapphirerapids", "proc/941/comm", "ksmtuned\n", "ksmtuned", DOCTOR_WARN },
    { "host-sapphirerapids", "proc/942/comm", "momd\n", "mom", DOCTOR_WARN },
    { "host-sapphirerapids", "sys/kernel/debug/kvm", GONE, "debugfs", DOCTOR_WARN },
    { "host-sapphirerapids", "sys/kernel/security/lockdown", "none [integrity] confidentiality\n",
      "debugfs", DOCTOR_WARN },
    { "host-sapphirerapids", "sys/kernel/btf/vmlinux", GONE, "btf", DOCTOR_WARN },

    /* others, mended */
    { "host-cascadelake-ht", "proc/sys/kernel/nmi_watchdog", "0\n", "nmi-watchdog", DOCTOR_PASS },
    { "host-cascadelake-ht", CPU "smt/active", "0\n", "smt", DOCTOR_PASS },
    { "host-icelake", "proc/loadavg", "0.31 4.00 1.00 9/1203 48211\n", "load", DOCTOR_PASS },
    { "host-epyc-zen3", "proc/1200/fd", GONE, "perf-holders", DOCTOR_PASS },
    { "host-epyc-zen4", VULNERABLE "spec_rstack_overflow", "Mitigation: Safe RET\n", "srso",
      DOCTOR_PASS },
    { "host-mediated-7x", "sys/module/kvm_intel/parameters/enable_mediated_pmu", "N\n",
      "mediated-vpmu", DOCTOR_PASS },
    { "host-vm-no-pmu", "proc/loadavg", "3.31 4.00 1.00 9/1203 48211\n", "load", DOCTOR_WARN },
};

static DoctorFinding *
look_at(const char *path)
{
    g_autoptr(Sysroot) root = sysroot_new(path);
    g_autoptr(CpuInfo) cpu = cpuinfo_read(root, NULL);
    DoctorPlan plan = doctor_default_plan(root);

    return doctor_look(&(DoctorHost){ .root = root, .cpu = cpu, .plan = &plan });
}

static bool
differs(const DoctorFinding *a, const DoctorFinding *b)
{
    return a->status != b->status || g_strcmp0(a->found, b->found) != 0 ||
           g_strcmp0(a->meaning, b->meaning) != 0 || g_strcmp0(a->fix, b->fix) != 0;
}

/* `check` alone is different now, and says `status`; NULL: nothing is. */
static void
assert_only(const char *check, DoctorStatus status, const char *changed,
            const DoctorFinding *before, const DoctorFinding *after)
{
    for (size_t i = 0; i < doctor_checks_length; i++) {
        bool expected = g_strcmp0(doctor_checks[i].id, check) == 0;

        if (differs(&before[i], &after[i]) != expected)
            fail_msg("%s changed: check %s %s (“%s”, before “%s”)", changed, doctor_checks[i].id,
                     expected ? "should change too" : "must not change", after[i].found,
                     before[i].found);
        if (expected && after[i].status != status)
            fail_msg("%s changed: check %s says %s (“%s”), want %s", changed, check,
                     doctor_status_name(after[i].status), after[i].found,
                     doctor_status_name(status));
    }
}

static void
one_fact_changes_one_check(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(facts); i++) {
        const Fact *fact = &facts[i];
        char *copy = fixture_copy(fact->fixture);
        DoctorFinding *before = look_at(copy), *after;

        fixture_change(copy, fact->path, fact->text);
        after = look_at(copy);
        assert_only(fact->check, fact->status, fact->path, before, after);
        doctor_findings_free(before);
        doctor_findings_free(after);
        fixture_copy_free(copy);
    }
}

static void
a_link_changes_one_check(void **state)
{
    static const struct {
        const char *path, *target, *check;
    } links[] = {
        { "run/systemd/units/invocation:ksmtuned.service", "0123", "ksmtuned" },
        { "run/systemd/units/invocation:ksm.service", "0123", "ksm-service" },
        { "run/systemd/units/invocation:mom-vdsm.service", "0123", "mom" },
        { "proc/77/fd/3", "anon_inode:[perf_event]", "perf-holders" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(links); i++) {
        char *copy = fixture_copy(clean);
        DoctorFinding *before = look_at(copy), *after;

        fixture_link(copy, links[i].path, links[i].target);
        after = look_at(copy);
        assert_only(links[i].check, DOCTOR_WARN, links[i].path, before, after);
        doctor_findings_free(before);
        doctor_findings_free(after);
        fixture_copy_free(copy);
    }
}

/* One word of cpuinfo's flags is one fact. */
static void
a_cpu_flag_changes_one_check(void **state)
{
    static const struct {
        const char *flag, *instead, *check;
        DoctorStatus status;
    } flags[] = {
        { " vmx ", " ", "virtualization", DOCTOR_FAIL },
        { " nonstop_tsc ", " ", "clocksource", DOCTOR_WARN },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        char *copy = fixture_copy(clean);
        g_autofree char *path = g_build_filename(copy, "proc/cpuinfo", NULL);
        g_autofree char *text = NULL;
        g_autofree char *changed = NULL;
        g_auto(GStrv) parts = NULL;
        DoctorFinding *before = look_at(copy), *after;

        assert_true(g_file_get_contents(path, &text, NULL, NULL));
        parts = g_strsplit(text, flags[i].flag, -1);
        changed = g_strjoinv(flags[i].instead, parts);
        fixture_change(copy, "proc/cpuinfo", changed);
        after = look_at(copy);
        assert_only(flags[i].check, flags[i].status, flags[i].flag, before, after);
        doctor_findings_free(before);
        doctor_findings_free(after);
        fixture_copy_free(copy);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_fact_changes_one_check),
        cmocka_unit_test(a_link_changes_one_check),
        cmocka_unit_test(a_cpu_flag_changes_one_check),
    };

    return cmocka_run_group_tests_name("doctor_facts", tests, NULL, NULL);
}
