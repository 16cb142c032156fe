/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/profile/symbol_check.h"

#include <string.h>

#include "tests/support/cmocka_all.h"

static const char kallsyms[] = "0000000000000000 A fixed_percpu_data\n"
                               "ffffffff81000000 T _stext\n"
                               "ffffffff81000000 T _text\n"
                               "ffffffff810001e0 t __pfx_run.part.0\n"
                               "ffffffff82000000 W weak$symbol@here\n"
                               "ffffffffc0123000 t ext4_sync\t[ext4]\n"
                               "ffffffffc0200000 t bpf_prog_6deef7357e7b4530\t[bpf]\n"
                               "ffffffffc0300000 t kprobe_insn\t[__builtin__kprobes]\n";

static const char modules[] = "ext4 1007616 2 - Live 0xffffffffc0a3a000\n"
                              "libata 401408 5 ata_piix,ata_generic, Live 0xffffffffc0123000 (E)\n"
                              "old 16384 - - Live 0xffffffffc0000000\n"
                              "stuck 16384 1 [permanent], Loading 0xffffffffc0400000 (POE+)\n";

/* Everything at once; the message, or NULL. */
static char *
verdict_of(WireFile file, const char *text, size_t n)
{
    g_autofree SymbolCheck *check = g_new(SymbolCheck, 1);
    g_autoptr(GError) error = NULL;

    symbol_check_begin(check, file);
    if (symbol_check_feed(check, text, n, &error) && symbol_check_end(check, &error))
        return NULL;
    return g_strdup(error->message);
}

static void
assert_refused(WireFile file, const char *text, size_t n, const char *why)
{
    g_autofree char *verdict = verdict_of(file, text, n);

    if (!verdict || !strstr(verdict, why))
        fail_msg("“%s” does not say “%s” of:\n%.200s", verdict ? verdict : "(accepted)", why, text);
}

static void
takes_what_kernels_write(void **state)
{
    g_autofree char *of_symbols = verdict_of(WIRE_FILE_KALLSYMS, kallsyms, strlen(kallsyms));
    g_autofree char *of_modules = verdict_of(WIRE_FILE_MODULES, modules, strlen(modules));
    g_autofree char *of_none = verdict_of(WIRE_FILE_MODULES, "", 0);

    assert_null(of_symbols);
    assert_null(of_modules);
    assert_null(of_none);
}

static void
gives_the_same_however_the_text_is_cut(void **state)
{
    g_autofree SymbolCheck *check = g_new(SymbolCheck, 1);

    for (size_t piece = 1; piece < 80; piece++) {
        symbol_check_begin(check, WIRE_FILE_KALLSYMS);
        for (size_t at = 0; at < strlen(kallsyms); at += piece)
            assert_true(
                symbol_check_feed(check, kallsyms + at, MIN(piece, strlen(kallsyms) - at), NULL));
        assert_true(symbol_check_end(check, NULL));
        assert_int_equal(check->n_lines, 8);
        assert_int_equal(check->n_addresses, 7);
        assert_int_equal(check->n_bytes, strlen(kallsyms));
    }
}

/* Each stands behind lines that are right. */
static const struct {
    WireFile file;
    const char *line, *why;
} wrong_lines[] = {
    { WIRE_FILE_KALLSYMS, "", "line 9 is not of a kernel's kallsyms, its address" },
    { WIRE_FILE_KALLSYMS, "xyz T f", "its address is no hexadecimal number" },
    { WIRE_FILE_KALLSYMS, "0xffffffff81000000 T f", "no blank after its address" },
    { WIRE_FILE_KALLSYMS, "11112222333344445 T f", "its address is no hexadecimal number" },
    { WIRE_FILE_KALLSYMS, "ffffffff81000000", "no blank after its address" },
    { WIRE_FILE_KALLSYMS, "ffffffff81000000 7 f", "its type is no letter" },
    { WIRE_FILE_KALLSYMS, "ffffffff81000000 TT f", "no blank after its type" },
    { WIRE_FILE_KALLSYMS, "ffffffff81000000 T ", "its symbol has no name" },
    { WIRE_FILE_KALLSYMS, "ffffffff81000000 T a b", "something stands after its symbol" },
    { WIRE_FILE_KALLSYMS, "ffffffff81000000 T a\033[2J", "something stands after its symbol" },
    { WIRE_FILE_KALLSYMS, "ffffffff81000000 T a\r", "something stands after its symbol" },
    { WIRE_FILE_KALLSYMS, "ffffffff81000000 T \303\244", "its symbol has no name" },
    { WIRE_FILE_KALLSYMS, "ffffffff81000000 T a\tb", "no module where one should stand" },
    { WIRE_FILE_KALLSYMS, "ffffffff81000000 T a\t[../b]", "its module has no proper name" },
    { WIRE_FILE_KALLSYMS, "ffffffff81000000 T a\t[b", "the name of its module does not end" },
    { WIRE_FILE_MODULES, "", "line 5 is not of a kernel's modules, its module" },
    { WIRE_FILE_MODULES, "../etc 1 0 - Live 0x1", "its module has no proper name" },
    { WIRE_FILE_MODULES, "a 0x10 0 - Live 0x1", "as the kernel writes them" },
    { WIRE_FILE_MODULES, "a b 0 - Live 0x1", "its size is no number" },
    { WIRE_FILE_MODULES, "a 1 x - Live 0x1", "the number of its users is none" },
    { WIRE_FILE_MODULES, "a 1 0 ;, Live 0x1", "its users have no proper names" },
    { WIRE_FILE_MODULES, "a 1 0 - Dead 0x1", "its state is none" },
    { WIRE_FILE_MODULES, "a 1 0 - Live 1", "its address is no hexadecimal number" },
    { WIRE_FILE_MODULES, "a 1 0 - Live 0x", "its address is no hexadecimal number" },
    { WIRE_FILE_MODULES, "a 1 0 - Live 0x1 OE", "as the kernel writes them" },
    { WIRE_FILE_MODULES, "a 1 0 - Live 0x1 (\033)", "its taints are no letters" },
    { WIRE_FILE_MODULES, "a 1 0 - Live 0x1 (OE) x", "something stands after its address" },
};

static void
refuses_a_line_that_no_kernel_writes(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(wrong_lines); i++) {
        const char *right = wrong_lines[i].file == WIRE_FILE_KALLSYMS ? kallsyms : modules;
        g_autofree char *text = g_strconcat(right, wrong_lines[i].line, "\n", NULL);

        assert_refused(wrong_lines[i].file, text, strlen(text), wrong_lines[i].why);
    }
}

static void
shows_a_refused_line_without_its_control_characters(void **state)
{
    static const char text[] = "\033[2J\007\n";
    g_autofree char *verdict = verdict_of(WIRE_FILE_KALLSYMS, text, strlen(text));

    assert_non_null(strstr(verdict, "“\\x1b[2J\\x07”"));
}

static void
refuses_a_zero_byte(void **state)
{
    static const char text[] = "ffffffff81000000 T _text\0\n";

    assert_refused(WIRE_FILE_KALLSYMS, text, sizeof text - 1, "a character 0");
}

static void
refuses_a_text_that_ends_within_a_line(void **state)
{
    for (size_t n = 1; n < strlen(kallsyms); n++)
        if (kallsyms[n - 1] != '\n')
            assert_refused(WIRE_FILE_KALLSYMS, kallsyms, n, "in the middle of line");
}

static void
refuses_a_kallsyms_without_symbols_or_start(void **state)
{
    static const char others[] = "ffffffff81000000 T start_kernel\nffffffff81000000 T _textual\n";

    assert_refused(WIRE_FILE_KALLSYMS, "", 0, "neither _text nor _stext is among its 0 symbols");
    assert_refused(WIRE_FILE_KALLSYMS, others, strlen(others), "among its 2 symbols");
}

static void
notices_that_addresses_are_hidden(void **state)
{
    static const char symbols[] = "0000000000000000 T _stext\n0000000000000000 T _text\n";
    static const char hidden[] = "ext4 1007616 2 - Live 0x0000000000000000\n";

    assert_refused(WIRE_FILE_KALLSYMS, symbols, strlen(symbols), "kernel.kptr_restrict=1");
    assert_refused(WIRE_FILE_MODULES, hidden, strlen(hidden), "kernel.kptr_restrict=1");
}

static void
refuses_a_line_that_never_ends(void **state)
{
    g_autofree char *text = g_strnfill(SYMBOL_LINE_MAX + 1, 'f');

    assert_refused(WIRE_FILE_KALLSYMS, text, SYMBOL_LINE_MAX + 1, "is longer than 4096 bytes");
    assert_refused(WIRE_FILE_MODULES, text, SYMBOL_LINE_MAX + 1, "is longer than 4096 bytes");
}

static void
refuses_names_that_are_longer_than_kernels_have(void **state)
{
    g_autofree char *longest = g_strnfill(SYMBOL_NAME_MAX, 'n');
    g_autofree char *fits = g_strdup_printf("1 T _text\n1 T %s\n", longest);
    g_autofree char *too_long = g_strdup_printf("1 T _text\n1 T %sn\n", longest);
    g_autofree char *verdict = verdict_of(WIRE_FILE_KALLSYMS, fits, strlen(fits));

    assert_null(verdict);
    assert_refused(WIRE_FILE_KALLSYMS, too_long, strlen(too_long), "one that is too long");
}

/* The same line without end; what ends it. */
static char *
feed_without_end(WireFile file, const char *line)
{
    g_autofree SymbolCheck *check = g_new(SymbolCheck, 1);
    g_autoptr(GError) error = NULL;

    symbol_check_begin(check, file);
    while (symbol_check_feed(check, line, strlen(line), &error))
        continue;
    return g_strdup(error->message);
}

static void
refuses_a_text_that_never_ends(void **state)
{
    g_autofree char *name = g_strnfill(SYMBOL_NAME_MAX, 'n');
    g_autofree char *long_line = g_strdup_printf("ffffffff81000000 T %s\n", name);
    g_autofree char *bytes = feed_without_end(WIRE_FILE_KALLSYMS, long_line);
    g_autofree char *lines = feed_without_end(WIRE_FILE_KALLSYMS, "1 T f\n");
    g_autofree char *of_modules = feed_without_end(WIRE_FILE_MODULES, "a 1 0 - Live 0x1\n");

    assert_string_equal(bytes, "more than 67108864 bytes: no kernel's kallsyms");
    assert_string_equal(lines, "more than 1000000 lines: no kernel's kallsyms");
    assert_string_equal(of_modules, "more than 10000 lines: no kernel's modules");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_kernels_write),
        cmocka_unit_test(gives_the_same_however_the_text_is_cut),
        cmocka_unit_test(refuses_a_line_that_no_kernel_writes),
        cmocka_unit_test(shows_a_refused_line_without_its_control_characters),
        cmocka_unit_test(refuses_a_zero_byte),
        cmocka_unit_test(refuses_a_text_that_ends_within_a_line),
        cmocka_unit_test(refuses_a_kallsyms_without_symbols_or_start),
        cmocka_unit_test(notices_that_addresses_are_hidden),
        cmocka_unit_test(refuses_a_line_that_never_ends),
        cmocka_unit_test(refuses_names_that_are_longer_than_kernels_have),
        cmocka_unit_test(refuses_a_text_that_never_ends),
    };

    return cmocka_run_group_tests_name("symbol_check", tests, NULL, NULL);
}
