/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/domain_facts.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "common/base/autofd.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/golden.h"
#include "tests/support/host_tree.h"

#define NOVAS "0a000000-0000-4000-8000-00000000000a"
#define TITLED "00000000-0000-4000-8000-000000000002"
#define PLAIN "00000000-0000-4000-8000-000000000003"

/* The thread looks when it can; meson ends a test that waits in vain. */
static char *
wait_for(DomainFacts *facts, const char *uuid, uint64_t want_kib)
{
    uint64_t kib = 0;
    char *title = NULL;

    while (!domain_facts_find(facts, uuid, &kib, &title))
        g_usleep(1000);
    assert_int_equal(kib, want_kib);
    return title;
}

static DomainFacts *
facts_of_fixture(const char *name)
{
    g_autofree char *path = fixture_path(name);
    g_autofree char *uri = g_strdup_printf("test://%s", path);
    g_autoptr(Sysroot) root = sysroot_new("/");

    return domain_facts_new(uri, root);
}

static void
tells_balloon_and_title_of_running_guests(void **state)
{
    g_autoptr(DomainFacts) facts = facts_of_fixture("libvirt-titles.xml");
    g_autofree char *novas = wait_for(facts, NOVAS, 393216);
    g_autofree char *titled = wait_for(facts, TITLED, 262144);

    assert_string_equal(novas, "shop-front");
    assert_string_equal(titled, "The old mail server");
    assert_null(wait_for(facts, PLAIN, 131072));
}

static void
finds_a_uuid_in_any_case_and_no_other(void **state)
{
    g_autoptr(DomainFacts) facts = facts_of_fixture("libvirt-titles.xml");
    g_autofree char *upper = g_ascii_strup(NOVAS, -1);
    g_autofree char *title = wait_for(facts, upper, 393216);
    uint64_t kib;
    char *none;

    assert_string_equal(title, "shop-front");
    assert_false(domain_facts_find(facts, "00000000-0000-4000-8000-0000000000ff", &kib, &none));
    assert_false(domain_facts_find(facts, "", &kib, &none));
}

static void
asks_nobody_for_a_tree_of_files_or_an_embedded_driver(void **state)
{
    HostTree *tree = *state;
    g_autoptr(Sysroot) live = sysroot_new("/");
    uint64_t kib;
    char *title;

    assert_null(domain_facts_new("test:///default", tree->root));
    assert_null(domain_facts_new("qemu:///embed", live));
    assert_null(domain_facts_new("qemu:///embed?root=/run/x", live));
    assert_false(domain_facts_find(NULL, NOVAS, &kib, &title));
    domain_facts_free(NULL);
}

static void
a_libvirt_that_is_not_there_is_no_error(void **state)
{
    g_autoptr(Sysroot) live = sysroot_new("/");
    g_autoptr(DomainFacts) facts =
        domain_facts_new("qemu+unix:///system?socket=/nowhere/sock", live);
    uint64_t kib;
    char *title;

    assert_non_null(facts);
    assert_false(domain_facts_find(facts, NOVAS, &kib, &title));
}

/* Ended by meson's time limit if it held anybody up. */
static void
a_libvirt_that_hangs_holds_nobody_up(void **state)
{
    HostTree *tree = *state;
    g_autoptr(Sysroot) live = sysroot_new("/");
    g_autofree char *path = host_tree_state_file(tree, "silent");
    g_autofree char *uri = g_strdup_printf("qemu+unix:///system?socket=%s", path);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    autofd int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    autofd int silent = -1;
    DomainFacts *facts;
    uint64_t kib;
    char *title;

    assert_true(g_strlcpy(address.sun_path, path, sizeof address.sun_path) <
                sizeof address.sun_path);
    assert_int_equal(bind(listener, (struct sockaddr *) &address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);
    facts = domain_facts_new(uri, live);
    silent = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(silent >= 0);
    assert_false(domain_facts_find(facts, NOVAS, &kib, &title));
    domain_facts_free(facts);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_balloon_and_title_of_running_guests),
        cmocka_unit_test(finds_a_uuid_in_any_case_and_no_other),
        cmocka_unit_test_setup_teardown(asks_nobody_for_a_tree_of_files_or_an_embedded_driver,
                                        host_tree_setup, host_tree_teardown),
        cmocka_unit_test(a_libvirt_that_is_not_there_is_no_error),
        cmocka_unit_test_setup_teardown(a_libvirt_that_hangs_holds_nobody_up, host_tree_setup,
                                        host_tree_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
