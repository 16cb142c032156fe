/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/profile/obstacle.h"

#include <errno.h>
#include <string.h>

#include "tests/support/cmocka_all.h"
#include "tests/support/fixture_copy.h"

/* Machines, what is sampled there, and what must be said; NULL: nothing is in the way. */
static const struct {
    const char *host;
    ProfileSubject subject;
    const char *says;
} cases[] = {
    { "host-sapphirerapids", { 0 }, NULL },
    { "host-epyc-zen4", { 0 }, NULL },
    { "host-hybrid-laptop", { 0 }, NULL },
    { "host-vm-no-pmu", { .refusal = ENOENT }, "no PMU" },
    { "host-vm-no-pmu", { .refusal = ENOENT }, "-e cpu-clock" },
    { "host-vm-no-pmu", { .software = true }, NULL },
    { "host-vm-no-pmu", { .tcg = true }, "translated by QEMU" },
    { "host-sapphirerapids", { .tcg = true, .software = true }, "translated by QEMU" },
    { "host-mediated-7x", { .refusal = EOPNOTSUPP }, "enable_mediated_pmu=0" },
    { "host-mediated-7x", { 0 }, "mediated vPMU" },
    { "host-mediated-7x", { .software = true }, NULL },
    { "host-icelake", { .refusal = EOPNOTSUPP }, "mediated vPMU" },
    { "host-icelake", { .refusal = EACCES }, NULL }, /* the refusal says it by itself */
    { "host-icelake", { .refusal = EBUSY }, NULL },
};

static void
names_what_is_missing_on_each_machine(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path =
            g_build_filename(g_getenv("TEST_DATA_DIR"), "fixtures", cases[i].host, NULL);
        g_autoptr(Sysroot) root = sysroot_new(path);
        const char *got = profile_obstacle(root, &cases[i].subject);

        if (cases[i].says ? !got || !strstr(got, cases[i].says) : got != NULL)
            fail_msg("case %zu, %s: “%s”", i, cases[i].host, got ? got : "(nothing)");
    }
}

static void
says_how_a_translated_guest_gets_kvm(void **state)
{
    const ProfileSubject subject = { .tcg = true };
    char *copy = fixture_copy("host-sapphirerapids");
    g_autoptr(Sysroot) root = sysroot_new(copy);

    fixture_change(copy, "dev/kvm", "");
    assert_non_null(strstr(profile_obstacle(root, &subject), "domain type kvm"));
    fixture_change(copy, "dev/kvm", NULL);
    assert_non_null(strstr(profile_obstacle(root, &subject), "firmware"));
    fixture_copy_free(copy);
}

static void
a_pmu_taken_away_changes_the_answer(void **state)
{
    const ProfileSubject subject = { 0 };
    char *copy = fixture_copy("host-sapphirerapids");
    g_autoptr(Sysroot) root = sysroot_new(copy);

    assert_null(profile_obstacle(root, &subject));
    fixture_change(copy, "sys/bus/event_source/devices/cpu", NULL);
    assert_non_null(strstr(profile_obstacle(root, &subject), "no PMU"));
    fixture_copy_free(copy);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_what_is_missing_on_each_machine),
        cmocka_unit_test(says_how_a_translated_guest_gets_kvm),
        cmocka_unit_test(a_pmu_taken_away_changes_the_answer),
    };

    return cmocka_run_group_tests_name("profile_obstacle", tests, NULL, NULL);
}
