/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emupmu/options.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emupmu/block_store.h"
#include "emupmu/page.h"
#include "emupmu/shared_file.h"
#include "tests/support/cmocka_all.h"

#define GOOD "page=/dev/shm/p", "host=/dev/shm/h", "vmid=7"

static bool
parse(Options *options, char *problem, const char *const *texts)
{
    char *argv[16];
    int argc = 0;

    for (; texts[argc]; argc++)
        argv[argc] = (char *) texts[argc];
    return options_parse(argc, argv, options, problem);
}

static void
takes_all_options(void **state)
{
    const char *const texts[] = { GOOD, "llc_kib=2048", NULL };
    char problem[OPTIONS_PROBLEM_BYTES];
    Options options;

    (void) state;
    assert_true(parse(&options, problem, texts));
    assert_string_equal(options.page, "/dev/shm/p");
    assert_string_equal(options.host, "/dev/shm/h");
    assert_int_equal(options.vmid, 7);
    assert_int_equal(options.llc_kib, 2048);
}

static void
has_a_default_for_the_cache_alone(void **state)
{
    const char *const texts[] = { GOOD, NULL };
    char problem[OPTIONS_PROBLEM_BYTES];
    Options options;

    (void) state;
    assert_true(parse(&options, problem, texts));
    assert_int_equal(options.llc_kib, 4096);
}

static void
names_the_option_that_is_wrong(void **state)
{
    static const struct {
        const char *texts[5];
        const char *named;
    } cases[] = {
        { { "page=/p", "host=/h", NULL }, "option vmid: missing" },
        { { "host=/h", "vmid=1", NULL }, "option page: missing" },
        { { "page=/p", "vmid=1", NULL }, "option host: missing" },
        { { GOOD, "llc_kib=3000", NULL }, "option llc_kib: wrong value" },
        { { GOOD, "llc_kib=99999999999999999999999", NULL }, "option llc_kib: wrong value" },
        { { GOOD, "llc_kib=", NULL }, "option llc_kib: wrong value" },
        { { GOOD, "llc=4096", NULL }, "option llc=4096: unknown" },
        { { GOOD, "verbose", NULL }, "option verbose: unknown" },
        { { GOOD, "vmid=8", NULL }, "option vmid: given twice" },
        { { "page=/p", "host=/h", "vmid=0", NULL }, "option vmid: wrong value" },
        { { "page=/p", "host=/h", "vmid=65536", NULL }, "option vmid: wrong value" },
        { { "page=/p", "host=/h", "vmid=-1", NULL }, "option vmid: wrong value" },
        { { "page=/p", "host=/h", "vmid= 1", NULL }, "option vmid: wrong value" },
        { { "page=/p", "host=/h", "vmid=1x", NULL }, "option vmid: wrong value" },
        { { "page=p", "host=/h", "vmid=1", NULL }, "option page: wrong value" },
        { { "page=/p", "host=", "vmid=1", NULL }, "option host: wrong value" },
    };

    (void) state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char problem[OPTIONS_PROBLEM_BYTES] = "";
        Options options = { .vmid = 99 };

        assert_false(parse(&options, problem, cases[i].texts));
        if (!g_str_has_prefix(problem, cases[i].named))
            fail_msg("said \"%s\", not \"%s\"", problem, cases[i].named);
        assert_int_equal(options.vmid, 99);
    }
}

static void
cuts_a_message_about_a_huge_option(void **state)
{
    g_autofree char *huge = g_strnfill(10000, 'x');
    const char *const texts[] = { huge, NULL };
    char problem[OPTIONS_PROBLEM_BYTES];
    Options options;

    (void) state;
    assert_false(parse(&options, problem, texts));
    assert_true(strlen(problem) < OPTIONS_PROBLEM_BYTES);
}

static void
maps_one_file_for_all_who_name_it(void **state)
{
    g_autofree char *folder = g_dir_make_tmp("shared-file-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "file", NULL);
    char *first = shared_file_map(path, 10000, 0640);
    char *second = shared_file_map(path, 20000, 0644);
    struct stat status;

    (void) state;
    assert_non_null(first);
    assert_non_null(second);
    first[9999] = 'x';
    assert_int_equal(second[9999], 'x');
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 20000);
    assert_int_equal(status.st_mode & 07133, 0);
    munmap(first, 10000);
    munmap(second, 20000);
    g_unlink(path);
    g_rmdir(folder);
}

static void
maps_no_link_and_no_device(void **state)
{
    g_autofree char *folder = g_dir_make_tmp("shared-file-XXXXXX", NULL);
    g_autofree char *link = g_build_filename(folder, "link", NULL);
    g_autofree char *inside = g_build_filename(folder, "none", "file", NULL);

    (void) state;
    assert_int_equal(symlink("/etc/passwd", link), 0);
    assert_null(shared_file_map(link, 4096, 0600));
    assert_int_equal(errno, ELOOP);
    assert_null(shared_file_map("/dev/null", 4096, 0600));
    assert_int_equal(errno, EINVAL);
    assert_null(shared_file_map(inside, 4096, 0600));
    assert_int_equal(errno, ENOENT);
    g_unlink(link);
    g_rmdir(folder);
}

static void
uses_the_memory_of_blocks_again(void **state)
{
    ModelBlock *first = block_store_take();

    (void) state;
    for (int i = 0; i < 10000; i++)
        block_store_take()->kind = MODEL_RETURN;
    block_store_recycle();
    assert_ptr_equal(block_store_take(), first);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(block_store_take()->kind, MODEL_NO_BRANCH);
}

static void
documentation_names_the_versions(void **state)
{
    g_autofree char *path =
        g_build_filename(g_getenv("TEST_DATA_DIR"), "..", "docs", "counter-page.md", NULL);
    g_autofree char *wanted = g_strdup_printf("Layout version: %u. Model version: %u.",
                                              EMUPMU_PAGE_VERSION, EMUPMU_MODEL_VERSION);
    g_autofree char *text = NULL;

    (void) state;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    assert_non_null(strstr(text, wanted));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_all_options),
        cmocka_unit_test(has_a_default_for_the_cache_alone),
        cmocka_unit_test(names_the_option_that_is_wrong),
        cmocka_unit_test(cuts_a_message_about_a_huge_option),
        cmocka_unit_test(maps_one_file_for_all_who_name_it),
        cmocka_unit_test(maps_no_link_and_no_device),
        cmocka_unit_test(uses_the_memory_of_blocks_again),
        cmocka_unit_test(documentation_names_the_versions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
