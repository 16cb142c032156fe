/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/cpuinfo.h"
#include "common/base/failure.h"
#include "tests/support/cmocka_all.h"

static const char two_processors[] = "processor\t: 0\n"
                                     "vendor_id\t: GenuineIntel\n"
                                     "cpu family\t: 6\n"
                                     "model\t\t: 85\n"
                                     "model name\t: Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz\n"
                                     "stepping\t: 7\n"
                                     "microcode\t: 0x5003605\n"
                                     "siblings\t: 40\n"
                                     "cpu cores\t: 20\n"
                                     "flags\t\t: fpu vmx constant_tsc\n"
                                     "\n"
                                     "processor\t: 1\n"
                                     "vendor_id\t: Other\n"
                                     "flags\t\t: svm\n";

static void
reads_the_first_processor_only(void **state)
{
    g_autoptr(CpuInfo) info = cpuinfo_parse(two_processors, NULL);

    assert_non_null(info);
    assert_string_equal(info->vendor, "GenuineIntel");
    assert_string_equal(info->model_name, "Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz");
    assert_string_equal(info->microcode, "0x5003605");
    assert_int_equal(info->family, 6);
    assert_int_equal(info->model, 85);
    assert_int_equal(info->stepping, 7);
    assert_int_equal(info->siblings, 40);
    assert_int_equal(info->cores, 20);
    assert_true(cpuinfo_is_intel(info));
    assert_false(cpuinfo_is_amd(info));
    assert_true(cpuinfo_has_flag(info, "vmx"));
    assert_false(cpuinfo_has_flag(info, "svm"));
    assert_false(cpuinfo_has_flag(info, "constant"));
}

static void
refuses_what_is_not_x86(void **state)
{
    g_autoptr(GError) error = NULL;

    assert_null(cpuinfo_parse("processor\t: 0\nCPU implementer\t: 0x41\n", &error));
    assert_int_equal(error->code, FAILURE_UNSUPPORTED);
    assert_non_null(strstr(error->message, "vendor_id"));
}

static void
does_without_what_is_only_nice_to_know(void **state)
{
    g_autoptr(CpuInfo) info =
        cpuinfo_parse("vendor_id : AuthenticAMD\ncpu family : 25\nmodel : 1\n", NULL);

    assert_non_null(info);
    assert_true(cpuinfo_is_amd(info));
    assert_string_equal(info->microcode, "");
    assert_int_equal(info->cores, 0);
    assert_false(cpuinfo_has_flag(info, "svm"));
}

static void
reads_the_machine_it_runs_on(void **state)
{
    g_autoptr(Sysroot) root = sysroot_new("/");
    g_autoptr(GError) error = NULL;
    g_autoptr(CpuInfo) info = cpuinfo_read(root, &error);

    assert_non_null(info);
    assert_true(cpuinfo_has_flag(info, "fpu"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_first_processor_only),
        cmocka_unit_test(refuses_what_is_not_x86),
        cmocka_unit_test(does_without_what_is_only_nice_to_know),
        cmocka_unit_test(reads_the_machine_it_runs_on),
    };

    return cmocka_run_group_tests_name("cpuinfo", tests, NULL, NULL);
}
