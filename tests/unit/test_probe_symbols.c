/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/symbol_reader.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/agent_host.h"
#include "tests/support/cmocka_all.h"

#define KALLSYMS_BYTES (WIRE_SYMBOLS_MAX * 2 + 100)

/* A tree with a kallsyms of two pieces and a bit, and an empty modules. */
typedef struct {
    char *dir;
    Sysroot *root;
    char *kallsyms;
    SymbolReader reader;
    SymbolsMessage piece;
} Tree;

static char *
tree_file(const Tree *tree, const char *name)
{
    return g_build_filename(tree->dir, "proc", name, NULL);
}

static int
tree_set_up(void **state)
{
    Tree *tree = g_new0(Tree, 1);
    g_autofree char *proc = NULL;
    g_autofree char *kallsyms = NULL;
    g_autofree char *modules = NULL;

    tree->dir = g_dir_make_tmp("symbols-XXXXXX", NULL);
    tree->root = sysroot_new(tree->dir);
    tree->reader = (SymbolReader){ .fd = -1 };
    proc = g_build_filename(tree->dir, "proc", NULL);
    kallsyms = tree_file(tree, "kallsyms");
    modules = tree_file(tree, "modules");
    tree->kallsyms = g_malloc(KALLSYMS_BYTES);
    for (int i = 0; i < KALLSYMS_BYTES; i++)
        tree->kallsyms[i] = (char) ('a' + i % 23);
    assert_int_equal(g_mkdir(proc, 0700), 0);
    assert_true(g_file_set_contents(kallsyms, tree->kallsyms, KALLSYMS_BYTES, NULL));
    assert_true(g_file_set_contents(modules, "", 0, NULL));
    *state = tree;
    return 0;
}

static int
tree_tear_down(void **state)
{
    Tree *tree = *state;
    const char *const names[] = { "kallsyms", "modules", "" };

    symbol_reader_close(&tree->reader);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = tree_file(tree, names[i]);

        g_remove(path);
    }
    g_rmdir(tree->dir);
    sysroot_free(tree->root);
    g_free(tree->kallsyms);
    g_free(tree->dir);
    g_free(tree);
    return 0;
}

static const SymbolsMessage *
read_piece(Tree *tree, WireFile file, uint64_t offset)
{
    const SymbolsAskMessage ask = { (uint8_t) file, offset };

    symbol_reader_read(&tree->reader, tree->root, &ask, &tree->piece);
    assert_int_equal(tree->piece.file, file);
    assert_true(tree->piece.offset == offset);
    return &tree->piece;
}

static void
reads_a_file_in_pieces_up_to_its_end(void **state)
{
    Tree *tree = *state;
    g_autoptr(GString) all = g_string_new(NULL);
    const SymbolsMessage *piece;

    while ((piece = read_piece(tree, WIRE_FILE_KALLSYMS, all->len))->n_bytes > 0) {
        assert_int_equal(piece->error, 0);
        assert_true(piece->n_bytes <= WIRE_SYMBOLS_MAX);
        g_string_append_len(all, piece->bytes, piece->n_bytes);
    }
    assert_int_equal(piece->error, 0);
    assert_int_equal(all->len, KALLSYMS_BYTES);
    assert_memory_equal(all->str, tree->kallsyms, KALLSYMS_BYTES);
    assert_int_equal(tree->reader.fd, -1);
}

static void
an_empty_file_ends_at_once(void **state)
{
    const SymbolsMessage *piece = read_piece(*state, WIRE_FILE_MODULES, 0);

    assert_int_equal(piece->error, 0);
    assert_int_equal(piece->n_bytes, 0);
}

static void
refuses_an_offset_that_is_not_the_next(void **state)
{
    Tree *tree = *state;

    assert_int_equal(read_piece(tree, WIRE_FILE_KALLSYMS, 1)->error, ESPIPE);
    assert_int_equal(read_piece(tree, WIRE_FILE_KALLSYMS, 0)->error, 0);
    assert_int_equal(read_piece(tree, WIRE_FILE_KALLSYMS, 1)->error, ESPIPE);
    assert_int_equal(tree->piece.n_bytes, 0);
    assert_int_equal(tree->reader.fd, -1);
}

static void
refuses_to_go_on_in_the_other_file(void **state)
{
    Tree *tree = *state;

    assert_int_equal(read_piece(tree, WIRE_FILE_KALLSYMS, 0)->n_bytes, WIRE_SYMBOLS_MAX);
    assert_int_equal(read_piece(tree, WIRE_FILE_MODULES, WIRE_SYMBOLS_MAX)->error, ESPIPE);
}

static void
begins_anew_at_offset_zero(void **state)
{
    Tree *tree = *state;

    read_piece(tree, WIRE_FILE_KALLSYMS, 0);
    read_piece(tree, WIRE_FILE_KALLSYMS, WIRE_SYMBOLS_MAX);
    assert_int_equal(read_piece(tree, WIRE_FILE_KALLSYMS, 0)->n_bytes, WIRE_SYMBOLS_MAX);
    assert_memory_equal(tree->piece.bytes, tree->kallsyms, WIRE_SYMBOLS_MAX);
}

static void
says_of_a_file_that_is_not_there_why(void **state)
{
    Tree *tree = *state;
    g_autofree char *modules = tree_file(tree, "modules");

    g_remove(modules);
    assert_int_equal(read_piece(tree, WIRE_FILE_MODULES, 0)->error, ENOENT);
    assert_int_equal(tree->reader.fd, -1);
}

static const Message ask_modules = { .kind = FRAME_SYMBOLS_ASK,
                                     .symbols_ask = { WIRE_FILE_MODULES, 0 } };
static const Message ask_kallsyms = { .kind = FRAME_SYMBOLS_ASK,
                                      .symbols_ask = { WIRE_FILE_KALLSYMS, 0 } };

static void
an_agent_gives_what_its_kernel_tells(void **state)
{
    AgentHost *host = *state;

    agent_host_expect(host, FRAME_HELLO);
    assert_non_null(strstr(host->got.hello.facts, "\"symbols\": true"));
    agent_host_ask(host, &ask_kallsyms, FRAME_SYMBOLS);
    if (access("/proc/kallsyms", R_OK) == 0) {
        assert_int_equal(host->got.symbols.error, 0);
        assert_true(host->got.symbols.n_bytes > 0);
        assert_non_null(memchr(host->got.symbols.bytes, '\n', host->got.symbols.n_bytes));
    }
    agent_host_ask(host, &ask_modules, FRAME_SYMBOLS);
    assert_int_equal(host->got.symbols.error == 0, access("/proc/modules", R_OK) == 0);
}

static void
a_measurement_is_not_disturbed(void **state)
{
    AgentHost *host = *state;
    g_autoptr(GArray) samples = NULL;
    uint32_t n_lost, n_cpus = agent_host_expect(host, FRAME_HELLO)->hello.n_vcpus;

    agent_host_ask(host, &agent_host_arm, FRAME_ARMED);
    agent_host_tell(host, &agent_host_measure);
    agent_host_ask(host, &ask_kallsyms, FRAME_PROBLEM);
    assert_int_equal(host->got.problem.about, FRAME_SYMBOLS_ASK);
    samples = agent_host_take_samples(host, 9, &n_lost, NULL);
    assert_int_equal(samples->len + n_lost, 6 * n_cpus);
    agent_host_ask(host, &ask_kallsyms, FRAME_SYMBOLS);
}

#define in_a_tree(f) cmocka_unit_test_setup_teardown(f, tree_set_up, tree_tear_down)
#define with_an_agent(f) cmocka_unit_test_setup_teardown(f, agent_host_set_up, agent_host_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        in_a_tree(reads_a_file_in_pieces_up_to_its_end),
        in_a_tree(an_empty_file_ends_at_once),
        in_a_tree(refuses_an_offset_that_is_not_the_next),
        in_a_tree(refuses_to_go_on_in_the_other_file),
        in_a_tree(begins_anew_at_offset_zero),
        in_a_tree(says_of_a_file_that_is_not_there_why),
        with_an_agent(an_agent_gives_what_its_kernel_tells),
        with_an_agent(a_measurement_is_not_disturbed),
    };

    return cmocka_run_group_tests_name("probe_symbols", tests, NULL, NULL);
}
