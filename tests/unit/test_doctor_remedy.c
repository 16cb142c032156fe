/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/doctor/remedy.h"

#include <glib/gstdio.h>
#include <string.h>

#include "common/base/failure.h"
#include "hostctl/doctor/doctor.h"
#include "hostctl/knob/change.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/fixture_copy.h"
#include "tests/support/host_tree.h"

/* A copy of a machine, with a journal for it. */
typedef struct {
    char *path;
    Sysroot *root;
    Journal *journal;
    GPtrArray *notes;
} Patient;

static Patient
admit(const HostTree *tree, const char *fixture)
{
    Patient patient = { .path = fixture_copy(fixture) };

    patient.root = sysroot_new(patient.path);
    patient.journal = journal_open(tree->state, patient.root, NULL);
    patient.notes = g_ptr_array_new_with_free_func(g_free);
    assert_non_null(patient.journal);
    return patient;
}

static void
discharge(Patient *patient)
{
    g_ptr_array_unref(patient->notes);
    journal_free(patient->journal);
    sysroot_free(patient->root);
    fixture_copy_free(patient->path);
}

static DoctorStatus
status_of(const Patient *patient, const char *id)
{
    g_autoptr(CpuInfo) cpu = cpuinfo_read(patient->root, NULL);
    DoctorPlan plan = doctor_default_plan(patient->root);
    DoctorFinding finding = { 0 };

    doctor_check_find(id)->look(&(DoctorHost){ .root = patient->root, .cpu = cpu, .plan = &plan },
                                &finding);
    g_free(finding.found);
    g_free(finding.meaning);
    g_free(finding.fix);
    return finding.status;
}

static void
put_all_back(const Patient *patient)
{
    g_autoptr(GPtrArray) entries = journal_unfinished(patient->journal);

    for (guint i = 0; i < entries->len; i++) {
        const JournalEntry *entry = entries->pdata[i];
        g_autofree char *note = NULL;

        assert_true(change_undo(patient->journal, entry->id, &note, NULL));
        assert_null(note);
    }
}

/* What a remedy writes makes its check pass, and what the journal says makes it as before. */
static void
a_remedy_makes_its_check_pass_and_can_be_undone(void **state)
{
    static const struct {
        const char *fixture, *id;
    } cases[] = {
        { "host-cascadelake-ht", "nmi-watchdog" },
        { "host-cascadelake-ht", "halt-poll" },
        { "host-cascadelake-ht", "turbo" },
        { "host-icelake", "perf-paranoid" },
        { "host-icelake", "governor" },
        { "host-epyc-zen3", "turbo" },
        { "host-epyc-zen4", "ksm-advisor" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Patient patient = admit(*state, cases[i].fixture);

        assert_int_equal(status_of(&patient, cases[i].id), DOCTOR_WARN);
        assert_true(remedy_apply(patient.journal, cases[i].id, patient.notes, NULL));
        assert_int_equal(status_of(&patient, cases[i].id), DOCTOR_PASS);
        assert_true(patient.notes->len > 0);
        put_all_back(&patient);
        assert_int_equal(status_of(&patient, cases[i].id), DOCTOR_WARN);
        discharge(&patient);
    }
}

static void
what_is_so_already_is_neither_journaled_nor_noted(void **state)
{
    Patient patient = admit(*state, "host-sapphirerapids");
    g_autoptr(GPtrArray) entries = NULL;

    assert_true(remedy_apply(patient.journal, "nmi-watchdog", patient.notes, NULL));
    assert_int_equal(patient.notes->len, 0);
    entries = journal_unfinished(patient.journal);
    assert_int_equal(entries->len, 0);
    discharge(&patient);
}

static void
every_governor_is_set(void **state)
{
    Patient patient = admit(*state, "host-epyc-zen3");

    assert_true(remedy_apply(patient.journal, "governor", patient.notes, NULL));
    assert_int_equal(patient.notes->len, 2);
    assert_non_null(strstr(patient.notes->pdata[1], "policy1"));
    assert_non_null(strstr(patient.notes->pdata[1], "was schedutil"));
    discharge(&patient);
}

/* A run that starts later must not take it for the remains of a killed one. */
static void
what_was_applied_stays_and_is_in_nobodys_way(void **state)
{
    Patient patient = admit(*state, "host-cascadelake-ht");
    g_autoptr(GPtrArray) entries = NULL;

    assert_true(remedy_apply(patient.journal, "nmi-watchdog", patient.notes, NULL));
    entries = journal_unfinished(patient.journal);
    assert_int_equal(entries->len, 1);
    assert_true(((JournalEntry *) entries->pdata[0])->held);
    assert_true(journal_require_recovered(patient.journal, NULL));
    put_all_back(&patient);
    discharge(&patient);
}

static void
a_tree_has_no_services_and_no_modules(void **state)
{
    static const char *const ids[] = { "ksmtuned", "ksm-service", "kvm-module" };
    Patient patient = admit(*state, "host-cascadelake-ht");

    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_autoptr(GError) error = NULL;

        assert_false(remedy_apply(patient.journal, ids[i], patient.notes, &error));
        assert_int_equal(error->code, FAILURE_UNSUPPORTED);
        assert_non_null(strstr(error->message, ids[i]));
    }
    discharge(&patient);
}

static void
nothing_to_change_is_said(void **state)
{
    Patient patient = admit(*state, "host-vm-no-pmu");
    g_autoptr(GError) no_governor = NULL;
    g_autoptr(GError) no_module = NULL;

    assert_false(remedy_apply(patient.journal, "governor", patient.notes, &no_governor));
    assert_int_equal(no_governor->code, FAILURE_UNSUPPORTED);
    assert_false(remedy_apply(patient.journal, "kvm-module", patient.notes, &no_module));
    assert_int_equal(no_module->code, FAILURE_UNSUPPORTED);
    discharge(&patient);
}

/* A program of the test's own, which is found before the system's. */
static void
install_program(const HostTree *tree, const char *name, const char *script)
{
    g_autofree char *dir = g_build_filename(tree->path, "bin", NULL);
    g_autofree char *program = g_build_filename(dir, name, NULL);
    g_autofree char *path = g_strconcat(dir, ":/usr/bin:/bin", NULL);

    assert_int_equal(g_mkdir_with_parents(dir, 0755), 0);
    assert_true(g_file_set_contents(program, script, -1, NULL));
    assert_int_equal(g_chmod(program, 0755), 0);
    assert_true(g_setenv("PATH", path, TRUE));
}

/* It keeps a unit's state in a file beside it. */
static void
install_systemctl(const HostTree *tree)
{
    g_autofree char *unit = g_build_filename(tree->path, "bin/ksmtuned.service", NULL);

    install_program(tree, "systemctl",
                    "#!/bin/sh\n"
                    "state=${0%/*}/$3\n"
                    "case $2 in\n"
                    "is-active) [ \"$(cat \"$state\")\" = active ] ;;\n"
                    "start) echo active > \"$state\" ;;\n"
                    "stop) echo inactive > \"$state\" ;;\n"
                    "esac\n");
    assert_true(g_file_set_contents(unit, "active\n", -1, NULL));
}

static void
a_service_is_stopped_and_started_again(void **state)
{
    const HostTree *tree = *state;
    g_autoptr(Sysroot) live = sysroot_new("/");
    g_autoptr(Journal) journal = journal_open(tree->state, live, NULL);
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *unit = g_build_filename(tree->path, "bin/ksmtuned.service", NULL);
    g_autofree char *stopped = NULL;
    g_autofree char *started = NULL;
    g_autoptr(GPtrArray) entries = NULL;
    g_autofree char *note = NULL;

    install_systemctl(tree);
    assert_true(remedy_apply(journal, "ksmtuned", notes, NULL));
    assert_true(g_file_get_contents(unit, &stopped, NULL, NULL));
    assert_string_equal(stopped, "inactive\n");
    assert_string_equal(notes->pdata[0], "ksmtuned.service: inactive, was active");

    entries = journal_unfinished(journal);
    assert_int_equal(entries->len, 1);
    assert_true(change_undo(journal, ((JournalEntry *) entries->pdata[0])->id, &note, NULL));
    assert_true(g_file_get_contents(unit, &started, NULL, NULL));
    assert_string_equal(started, "active\n");
}

/* The module's folder comes and goes in the tree, as in /sys/module. */
static void
a_module_is_loaded_and_taken_out_again(void **state)
{
    const HostTree *tree = *state;
    Change change = { .kind = JOURNAL_MODULE, .target = "kvm_intel", .held = true };
    g_autofree char *note = NULL;

    install_program(
        tree, "modprobe",
        "#!/bin/sh\n"
        "module=${0%/bin/*}/root/sys/module/$2\n"
        "if [ \"$1\" = --remove ]; then rmdir \"$module\"; else mkdir -p \"$module\"; fi\n");
    assert_true(change_make(&change, tree->journal, "loaded", NULL));
    assert_true(sysroot_exists(tree->root, "sys/module/kvm_intel"));
    assert_true(change_undo(tree->journal, change.id, &note, NULL));
    assert_false(sysroot_exists(tree->root, "sys/module/kvm_intel"));
}

static void
a_module_that_cannot_be_loaded_leaves_nothing_to_recover(void **state)
{
    const HostTree *tree = *state;
    Change change = { .kind = JOURNAL_MODULE, .target = "kvm_intel" };
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) entries = NULL;

    install_program(tree, "modprobe", "#!/bin/sh\nexit 1\n");
    assert_false(change_make(&change, tree->journal, "loaded", &error));
    assert_non_null(strstr(error->message, "modprobe kvm_intel failed"));
    entries = journal_unfinished(tree->journal);
    assert_int_equal(entries->len, 0);
}

static void
ids_of_remedies_are_ids_of_checks(void **state)
{
    g_autofree char *text = remedy_ids();
    g_auto(GStrv) ids = g_strsplit(text, ", ", -1);

    assert_true(g_strv_length(ids) > 5);
    for (char **id = ids; *id; id++) {
        assert_true(remedy_exists(*id));
        assert_non_null(doctor_check_find(*id));
    }
    assert_false(remedy_exists("bare-metal"));
}

#define ON_A_HOST(test) cmocka_unit_test_setup_teardown(test, host_tree_setup, host_tree_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_HOST(a_remedy_makes_its_check_pass_and_can_be_undone),
        ON_A_HOST(what_is_so_already_is_neither_journaled_nor_noted),
        ON_A_HOST(every_governor_is_set),
        ON_A_HOST(what_was_applied_stays_and_is_in_nobodys_way),
        ON_A_HOST(a_tree_has_no_services_and_no_modules),
        ON_A_HOST(nothing_to_change_is_said),
        ON_A_HOST(a_service_is_stopped_and_started_again),
        ON_A_HOST(a_module_is_loaded_and_taken_out_again),
        ON_A_HOST(a_module_that_cannot_be_loaded_leaves_nothing_to_recover),
        cmocka_unit_test(ids_of_remedies_are_ids_of_checks),
    };

    return cmocka_run_group_tests_name("doctor_remedy", tests, NULL, NULL);
}
