/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/doctor/doctor.h"
#include "hostctl/doctor/report.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/golden.h"

static DoctorFinding *
look_at(const char *path, const DoctorLive *live)
{
    g_autoptr(Sysroot) root = sysroot_new(path);
    g_autoptr(CpuInfo) cpu = cpuinfo_read(root, NULL);
    DoctorPlan plan = doctor_default_plan(root);

    return doctor_look(&(DoctorHost){ .root = root, .cpu = cpu, .plan = &plan, .live = live });
}

static void
assert_documented_verdicts(const char *fixture)
{
    g_autofree char *path = fixture_path(fixture);
    DoctorFinding *findings = look_at(path, NULL);
    g_autofree char *json = doctor_report_json(findings);
    g_autofree char *name = g_strdup_printf("doctor-%s.json", fixture);

    assert_golden(name, json);
    doctor_findings_free(findings);
}

#define DOCUMENTED(machine)                                       \
    static void verdicts_of_##machine(void **state)               \
    {                                                             \
        g_autofree char *name = g_strdup("host-" #machine);       \
        assert_documented_verdicts(g_strdelimit(name, "_", '-')); \
    }

DOCUMENTED(cascadelake_ht)
DOCUMENTED(icelake)
DOCUMENTED(sapphirerapids)
DOCUMENTED(epyc_zen3)
DOCUMENTED(epyc_zen4)
DOCUMENTED(hybrid_laptop)
DOCUMENTED(mediated_7x)
DOCUMENTED(vm_no_pmu)

static void
verdicts_of_debian12(void **state)
{
    assert_documented_verdicts("host-debian12-6.1");
}

static void
a_prepared_node_has_nothing_to_mend(void **state)
{
    g_autofree char *path = fixture_path("host-sapphirerapids");
    DoctorFinding *findings = look_at(path, NULL);

    assert_int_equal(doctor_count(findings, DOCTOR_WARN), 0);
    assert_int_equal(doctor_count(findings, DOCTOR_FAIL), 0);
    doctor_findings_free(findings);
}

static void
every_verdict_that_is_not_pass_says_what_it_means_and_what_to_do(void **state)
{
    static const char *const machines[] = { "host-cascadelake-ht", "host-hybrid-laptop",
                                            "host-vm-no-pmu", "host-mediated-7x" };

    for (size_t m = 0; m < G_N_ELEMENTS(machines); m++) {
        g_autofree char *path = fixture_path(machines[m]);
        DoctorFinding *findings = look_at(path, NULL);

        for (size_t i = 0; i < doctor_checks_length; i++) {
            assert_non_null(findings[i].found);
            assert_true((findings[i].status == DOCTOR_PASS) == !findings[i].meaning);
            assert_true((findings[i].status == DOCTOR_PASS) == !findings[i].fix);
        }
        doctor_findings_free(findings);
    }
}

static void
an_empty_tree_is_unknown_and_never_a_crash(void **state)
{
    g_autofree char *dir = g_dir_make_tmp("doctor-XXXXXX", NULL);
    DoctorFinding *findings = look_at(dir, NULL);

    assert_true(doctor_count(findings, DOCTOR_UNKNOWN) > 10);
    for (size_t i = 0; i < doctor_checks_length; i++)
        assert_non_null(findings[i].found);
    doctor_findings_free(findings);
    rmdir(dir);
}

static void
ids_are_unique_and_groups_stand_together(void **state)
{
    g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) groups = g_hash_table_new(g_str_hash, g_str_equal);
    const char *group = "";

    for (size_t i = 0; i < doctor_checks_length; i++) {
        assert_true(g_hash_table_add(ids, (char *) doctor_checks[i].id));
        assert_ptr_equal(doctor_check_find(doctor_checks[i].id), &doctor_checks[i]);
        if (!g_str_equal(group, doctor_checks[i].group))
            assert_true(g_hash_table_add(groups, (char *) doctor_checks[i].group));
        group = doctor_checks[i].group;
    }
    assert_null(doctor_check_find("none-such"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_of_cascadelake_ht),
        cmocka_unit_test(verdicts_of_icelake),
        cmocka_unit_test(verdicts_of_sapphirerapids),
        cmocka_unit_test(verdicts_of_epyc_zen3),
        cmocka_unit_test(verdicts_of_epyc_zen4),
        cmocka_unit_test(verdicts_of_hybrid_laptop),
        cmocka_unit_test(verdicts_of_mediated_7x),
        cmocka_unit_test(verdicts_of_debian12),
        cmocka_unit_test(verdicts_of_vm_no_pmu),
        cmocka_unit_test(a_prepared_node_has_nothing_to_mend),
        cmocka_unit_test(every_verdict_that_is_not_pass_says_what_it_means_and_what_to_do),
        cmocka_unit_test(an_empty_tree_is_unknown_and_never_a_crash),
        cmocka_unit_test(ids_are_unique_and_groups_stand_together),
    };

    return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
