/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What only a running machine can say, said by the test. */
#include <errno.h>

#include "hostctl/doctor/doctor.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/golden.h"

static char *const no_domains[] = { NULL };

/* A machine on which everything works. */
static DoctorLive
well(void)
{
    return (DoctorLive){
        .kvm_mode = 0660,
        .has_capacity = true,
        .capacity = { .general = 8,
                      .fixed = PMU_FIXED_CYCLES | PMU_FIXED_INSTRUCTIONS,
                      .guest_general = 8,
                      .guest_fixed = PMU_FIXED_CYCLES | PMU_FIXED_INSTRUCTIONS },
        .libpfm4_model = (char *) "spr (Intel SapphireRapid)",
        .libvirt_version = (char *) "9.0.0",
        .qemu_version = (char *) "7.2.13",
        .virt_uri = (char *) "qemu:///system",
        .perf_domains = (char **) no_domains,
    };
}

static void
assert_says(const char *id, const DoctorLive *live, DoctorStatus status, const char *words)
{
    g_autofree char *path = fixture_path("host-sapphirerapids");
    g_autoptr(Sysroot) root = sysroot_new(path);
    g_autoptr(CpuInfo) cpu = cpuinfo_read(root, NULL);
    DoctorPlan plan = doctor_default_plan(root);
    DoctorFinding finding = { 0 };

    doctor_check_find(id)->look(
        &(DoctorHost){ .root = root, .cpu = cpu, .plan = &plan, .live = live }, &finding);
    if (finding.status != status || !strstr(finding.found, words))
        fail_msg("%s says %s: “%s”; want %s with “%s”", id, doctor_status_name(finding.status),
                 finding.found, doctor_status_name(status), words);
    assert_true((status == DOCTOR_PASS) == !finding.fix);
    g_free(finding.found);
    g_free(finding.meaning);
    g_free(finding.fix);
}

static void
a_machine_on_which_everything_works_passes(void **state)
{
    static const struct {
        const char *id, *words;
    } checks[] = {
        { "kvm-device", "mode 0660" },   { "pmu-present", "there" },
        { "pmu-libpfm4", "spr" },        { "pmu-counters", "8 general" },
        { "pmu-budget", "5 events" },    { "perf-permission", "other users" },
        { "perf-paranoid", "not bind" }, { "libvirt-perf", "none" },
        { "libvirt", "9.0.0" },          { "qemu", "7.2.13" },
    };
    DoctorLive live = well();

    for (size_t i = 0; i < G_N_ELEMENTS(checks); i++)
        assert_says(checks[i].id, &live, DOCTOR_PASS, checks[i].words);
}

static void
each_errno_is_somebodys_finding(void **state)
{
    DoctorLive live = well();

    live.cycles_errno = ENOENT;
    assert_says("pmu-present", &live, DOCTOR_FAIL, "No such file");
    live.cycles_errno = EACCES;
    assert_says("pmu-present", &live, DOCTOR_PASS, "there");
    live.foreign_errno = EACCES;
    assert_says("perf-permission", &live, DOCTOR_FAIL, "Permission denied");
    assert_says("perf-paranoid", &live, DOCTOR_PASS, "1");
    live.kvm_errno = EACCES;
    assert_says("kvm-device", &live, DOCTOR_FAIL, "Permission denied");
}

static void
a_private_kvm_device_is_slow_not_broken(void **state)
{
    DoctorLive live = well();

    live.kvm_mode = 0600;
    assert_says("kvm-device", &live, DOCTOR_WARN, "0600");
    live.kvm_mode = 0666;
    assert_says("kvm-device", &live, DOCTOR_PASS, "0666");
}

static void
what_cpuid_says_outweighs_the_table(void **state)
{
    DoctorLive live = well();

    live.capacity = (PmuCapacity){ .general = 4, .guest_general = 4 };
    assert_says("pmu-counters", &live, DOCTOR_PASS, "4 general a hardware thread, none fixed");
    assert_says("pmu-budget", &live, DOCTOR_FAIL, "KVM gives to a guest");
    live.has_capacity = false;
    assert_says("pmu-counters", &live, DOCTOR_UNKNOWN, "not told");
    assert_says("pmu-budget", &live, DOCTOR_UNKNOWN, "not told");
}

static void
without_libvirt_its_checks_say_so(void **state)
{
    DoctorLive live = well();

    live.virt_problem = (char *) "qemu:///system: no daemon";
    assert_says("libvirt", &live, DOCTOR_FAIL, "no daemon");
    assert_says("qemu", &live, DOCTOR_UNKNOWN, "");
    live.virt_busy = true;
    assert_says("libvirt", &live, DOCTOR_UNKNOWN, "no daemon");
    assert_says("libvirt-perf", &live, DOCTOR_UNKNOWN, "");
}

static void
domains_with_perf_events_are_named(void **state)
{
    char *domains[] = { (char *) "web", (char *) "db", NULL };
    DoctorLive live = well();

    live.perf_domains = domains;
    assert_says("libvirt-perf", &live, DOCTOR_WARN, "on web, db");
}

static void
a_cpu_that_libpfm4_does_not_know_and_no_qemu_are_said(void **state)
{
    DoctorLive live = well();

    live.libpfm4_model = NULL;
    live.qemu_version = NULL;
    assert_says("pmu-libpfm4", &live, DOCTOR_WARN, "does not know");
    assert_says("qemu", &live, DOCTOR_FAIL, "not told");
}

static void
assert_guest_says(const char *facts, const char *id, DoctorStatus status, const char *words)
{
    DoctorGuest guest = { .name = (char *) "vm-micro", .facts = (char *) facts };
    DoctorLive live = well();

    live.guests = g_ptr_array_new();
    g_ptr_array_add(live.guests, &guest);
    assert_says(id, &live, status, words);
    g_ptr_array_unref(live.guests);
}

static void
a_talking_guest_says_what_it_sees(void **state)
{
    static const char fine[] = "{\"pmu\": true, \"clocksource\": \"kvm-clock\","
                               " \"steal_clock\": true, \"steal_governor\": false}";
    static const char poor[] = "{\"pmu\": false, \"clocksource\": \"acpi_pm\","
                               " \"steal_clock\": false, \"steal_governor\": true}";
    static const char *const ids[] = { "guest-pmu", "guest-clocksource", "guest-steal",
                                       "steal-governor" };

    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        assert_guest_says(fine, ids[i], DOCTOR_PASS, "vm-micro: ");
        assert_guest_says(poor, ids[i], DOCTOR_WARN, "vm-micro: ");
    }
}

static void
what_a_hostile_guest_says_is_unknown_or_made_printable(void **state)
{
    static const char *const nonsense[] = { "", "[", "[1]", "{\"pmu\": {}, \"clocksource\": 7}",
                                            "{\"pmu\": \"yes\", \"steal_clock\": null}" };

    for (size_t i = 0; i < G_N_ELEMENTS(nonsense); i++) {
        assert_guest_says(nonsense[i], "guest-pmu", DOCTOR_UNKNOWN, "not said");
        assert_guest_says(nonsense[i], "guest-clocksource", DOCTOR_UNKNOWN, "not said");
        assert_guest_says(nonsense[i], "guest-steal", DOCTOR_UNKNOWN, "not said");
    }
    assert_guest_says("{\"clocksource\": \"\\u001b[2Jx\"}", "guest-clocksource", DOCTOR_WARN,
                      "\\x1b[2Jx");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_on_which_everything_works_passes),
        cmocka_unit_test(each_errno_is_somebodys_finding),
        cmocka_unit_test(a_private_kvm_device_is_slow_not_broken),
        cmocka_unit_test(what_cpuid_says_outweighs_the_table),
        cmocka_unit_test(without_libvirt_its_checks_say_so),
        cmocka_unit_test(domains_with_perf_events_are_named),
        cmocka_unit_test(a_cpu_that_libpfm4_does_not_know_and_no_qemu_are_said),
        cmocka_unit_test(a_talking_guest_says_what_it_sees),
        cmocka_unit_test(what_a_hostile_guest_says_is_unknown_or_made_printable),
    };

    return cmocka_run_group_tests_name("doctor_live", tests, NULL, NULL);
}
