/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of exit reasons, against the kernel's own headers, and where tracefs says they are. */
#include "hostctl/exits/exit_reason.h"

#include <string.h>

#include "common/base/failure.h"
#include "hostctl/exits/tracepoint.h"
#include "tests/support/cmocka_all.h"

#if defined __x86_64__
#include <asm/svm.h>
#include <asm/vmx.h>

/* What the tables of asm/svm.h take from the rest of the kernel: numbers of exceptions. */
enum {
    DE_VECTOR = 0,
    DB_VECTOR = 1,
    BP_VECTOR = 3,
    OF_VECTOR = 4,
    BR_VECTOR = 5,
    UD_VECTOR = 6,
    NM_VECTOR = 7,
    DF_VECTOR = 8,
    TS_VECTOR = 10,
    NP_VECTOR = 11,
    SS_VECTOR = 12,
    GP_VECTOR = 13,
    PF_VECTOR = 14,
    MF_VECTOR = 16,
    AC_VECTOR = 17,
    MC_VECTOR = 18,
    XM_VECTOR = 19,
};

typedef struct {
    uint32_t reason;
    const char *name;
} HeaderName;

static void
names_are_those_of_the_kernels_headers(void **state)
{
    static const HeaderName vmx[] = { VMX_EXIT_REASONS };
    static const HeaderName svm[] = { SVM_EXIT_REASONS };
    char name[EXIT_REASON_BYTES];

    for (size_t i = 0; i < G_N_ELEMENTS(vmx); i++)
        assert_string_equal(exit_reason_name(EXIT_ISA_VMX, vmx[i].reason, name), vmx[i].name);
    for (size_t i = 0; i < G_N_ELEMENTS(svm); i++)
        assert_string_equal(exit_reason_name(EXIT_ISA_SVM, svm[i].reason, name), svm[i].name);
}
#else
static void
names_are_those_of_the_kernels_headers(void **state)
{
    skip();
}
#endif

static void
the_same_number_is_another_reason_on_the_other_isa(void **state)
{
    char name[EXIT_REASON_BYTES];

    assert_string_equal(exit_reason_name(EXIT_ISA_VMX, 12, name), "HLT");
    assert_string_equal(exit_reason_name(EXIT_ISA_SVM, 0x78, name), "hlt");
    assert_string_equal(exit_reason_name(EXIT_ISA_VMX, 48, name), "EPT_VIOLATION");
    assert_string_equal(exit_reason_name(EXIT_ISA_SVM, 0x400, name), "npf");
}

static void
a_failed_entry_says_so(void **state)
{
    char name[EXIT_REASON_BYTES];

    assert_string_equal(exit_reason_name(EXIT_ISA_VMX, 0x80000021, name),
                        "INVALID_STATE FAILED_VMENTRY");
    assert_string_equal(exit_reason_name(EXIT_ISA_VMX, 0x8800000c, name),
                        "HLT FAILED_VMENTRY 0x8000000");
}

static void
what_has_no_name_keeps_its_number(void **state)
{
    char name[EXIT_REASON_BYTES];

    assert_string_equal(exit_reason_name(EXIT_ISA_VMX, 999, name), "vmx:999");
    assert_string_equal(exit_reason_name(EXIT_ISA_SVM, 0xabc, name), "svm:0xabc");
    assert_string_equal(exit_reason_name(7, 5, name), "isa7:5");
    assert_string_equal(exit_reason_name(EXIT_ISA_UNNAMED, 0, name), "unnamed");
}

static const char format[] = "name: kvm_exit\nID: 103\nformat:\n"
                             "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
                             "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
                             "\tfield:unsigned int exit_reason;\toffset:8;\tsize:4;\tsigned:0;\n"
                             "\tfield:unsigned long guest_rip;\toffset:16;\tsize:8;\tsigned:0;\n"
                             "\tfield:u32 isa;\toffset:24;\tsize:4;\tsigned:0;\n\n"
                             "print fmt: \"reason %s\", REC->exit_reason\n";

static void
a_field_is_where_its_line_says(void **state)
{
    uint32_t offset;

    assert_true(tracepoint_field(format, "exit_reason", &offset, NULL));
    assert_int_equal(offset, 8);
    assert_true(tracepoint_field(format, "isa", &offset, NULL));
    assert_int_equal(offset, 24);
}

/* “reason” is the end of “exit_reason”; “common_type” is too small. */
static void
another_field_is_refused_by_name(void **state)
{
    static const char *const none[] = { "reason", "common_type", "error_code", "" };

    for (size_t i = 0; i < G_N_ELEMENTS(none); i++) {
        g_autoptr(GError) error = NULL;
        uint32_t offset = 77;

        assert_false(tracepoint_field(format, none[i], &offset, &error));
        assert_int_equal(offset, 77);
        assert_non_null(strstr(error->message, none[i]));
    }
}

static void
a_machine_without_kvm_is_told_what_to_load(void **state)
{
    g_autoptr(Sysroot) root = NULL;
    g_autofree char *path = g_dir_make_tmp("tracefs-XXXXXX", NULL);
    g_autofree char *events = g_build_filename(path, "sys/kernel/tracing/events", NULL);
    g_autofree char *command = g_strdup_printf("rm -rf %s", path);
    char *text = NULL;
    g_autoptr(GError) none = NULL, no_kvm = NULL;

    root = sysroot_new(path);
    assert_false(tracepoint_read(root, "kvm", "kvm_exit", "format", &text, &none));
    assert_non_null(strstr(none->message, "mount -t tracefs"));
    assert_int_equal(g_mkdir_with_parents(events, 0700), 0);
    assert_false(tracepoint_read(root, "kvm", "kvm_exit", "format", &text, &no_kvm));
    assert_non_null(strstr(no_kvm->message, "kvm:kvm_exit"));
    assert_non_null(strstr(no_kvm->message, "modprobe"));
    assert_true(g_error_matches(no_kvm, FAILURE, FAILURE_UNSUPPORTED));
    assert_null(text);
    assert_int_equal(system(command), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_of_the_kernels_headers),
        cmocka_unit_test(the_same_number_is_another_reason_on_the_other_isa),
        cmocka_unit_test(a_failed_entry_says_so),
        cmocka_unit_test(what_has_no_name_keeps_its_number),
        cmocka_unit_test(a_field_is_where_its_line_says),
        cmocka_unit_test(another_field_is_refused_by_name),
        cmocka_unit_test(a_machine_without_kvm_is_told_what_to_load),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
