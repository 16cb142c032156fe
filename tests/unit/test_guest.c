/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Guests on libvirt's test driver: everything but the process behind them. */
#include "hostctl/virt/guest.h"

#include <string.h>

#include "hostctl/virt/guest_memory.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/golden.h"
#include "tests/support/host_tree.h"

typedef struct {
    void *tree;
    Connection *connection;
} Node;

static int
setup(void **state)
{
    Node *node = g_new0(Node, 1);
    g_autofree char *path = fixture_path("libvirt-node.xml");
    g_autofree char *uri = g_strconcat("test://", path, NULL);
    g_autoptr(GError) error = NULL;

    host_tree_setup(&node->tree);
    node->connection = connection_open(uri, ((HostTree *) node->tree)->state, 10000, NULL, &error);
    assert_non_null(node->connection);
    *state = node;
    return 0;
}

static int
teardown(void **state)
{
    Node *node = *state;

    connection_free(node->connection);
    host_tree_teardown(&node->tree);
    g_free(node);
    return 0;
}

static void
tells_ours_from_others_by_name(void **state)
{
    Node *node = *state;
    g_autoptr(GPtrArray) ours = NULL;
    g_auto(GStrv) foreign = NULL;

    assert_true(guest_list_ours(node->connection, &ours, NULL));
    assert_int_equal(ours->len, 2);
    assert_string_equal(guest_name(ours->pdata[0]), "ours-a");
    assert_int_equal(guest_role(ours->pdata[0]), GUEST_ROLE_MICRO);
    assert_string_equal(guest_owner(ours->pdata[0]), "0a1b");
    assert_string_equal(guest_page_name(ours->pdata[0]), "insideout-t-1");
    assert_string_equal(guest_silicon_name(ours->pdata[0]), "insideout-t-s");
    assert_int_equal(guest_max_memory_kib(ours->pdata[0]), 262144);
    assert_string_equal(guest_name(ours->pdata[1]), "ours-b");
    assert_null(guest_page_name(ours->pdata[1]));

    assert_true(guest_list_foreign(node->connection, &foreign, NULL));
    assert_int_equal(g_strv_length(foreign), 1);
    assert_string_equal(foreign[0], "theirs");
}

static void
changes_nothing_of_a_guest_that_is_not_ours(void **state)
{
    Node *node = *state;
    g_autoptr(Guest) guest = guest_find(node->connection, "theirs", NULL);
    cpu_set_t cpus;
    GError *errors[6] = { NULL };
    uint64_t kib;

    CPU_ZERO(&cpus);
    CPU_SET(0, &cpus);
    assert_non_null(guest);
    assert_false(guest_is_ours(guest));
    assert_false(guest_destroy(guest, &errors[0]));
    assert_false(guest_balloon_ask(guest, 300000, &errors[1]));
    assert_false(guest_pin(guest, &cpus, NULL, &errors[2]));
    assert_false(guest_pin_vcpu(guest, 0, &cpus, &errors[3]));
    assert_false(guest_set_cpu_shares(guest, 512, &errors[4]));
    assert_false(guest_set_cpu_quota(guest, 50, &errors[5]));
    for (size_t i = 0; i < G_N_ELEMENTS(errors); i++) {
        assert_non_null(strstr(errors[i]->message, "theirs was not made by hostctl"));
        g_error_free(errors[i]);
    }
    assert_true(guest_is_running(guest));
    assert_true(guest_balloon_actual(guest, &kib, NULL));
}

static void
says_which_guest_is_not_there_and_where(void **state)
{
    Node *node = *state;
    g_autoptr(GError) error = NULL;
    Guest *guest = NULL;

    assert_null(guest_find(node->connection, "none", &error));
    assert_non_null(strstr(error->message, "no guest “none” on test://"));
    assert_true(
        guest_find_uuid(node->connection, "00000000-0000-4000-8000-00000000000f", &guest, NULL));
    assert_null(guest);
}

static void
destroys_ours_and_takes_gone_for_done(void **state)
{
    Node *node = *state;
    g_autoptr(Guest) guest = guest_find(node->connection, "ours-b", NULL);
    g_autoptr(GPtrArray) ours = NULL;

    assert_true(guest_destroy(guest, NULL));
    assert_false(guest_is_running(guest));
    assert_true(guest_destroy(guest, NULL));
    assert_true(guest_list_ours(node->connection, &ours, NULL));
    assert_int_equal(ours->len, 1);
}

static void
destroys_many_and_still_names_the_one_it_may_not(void **state)
{
    Node *node = *state;
    g_autoptr(GPtrArray) guests = NULL;
    g_autoptr(GPtrArray) left = NULL;
    g_autoptr(GError) error = NULL;

    assert_true(guest_list_all(node->connection, &guests, NULL));
    assert_int_equal(guests->len, 3);
    assert_false(guest_destroy_many(guests, &error));
    assert_non_null(strstr(error->message, "theirs"));
    assert_true(guest_list_all(node->connection, &left, NULL));
    assert_int_equal(left->len, 1);
}

static void
refuses_a_balloon_target_over_the_memory(void **state)
{
    Node *node = *state;
    g_autoptr(Guest) guest = guest_find(node->connection, "ours-a", NULL);
    g_autoptr(GError) error = NULL;

    assert_false(guest_balloon_ask(guest, 262145, &error));
    assert_non_null(strstr(error->message, "256 MiB"));
}

static void
refuses_a_name_that_is_taken(void **state)
{
    Node *node = *state;
    g_autoptr(GError) error = NULL;
    const GuestSpec spec = { .name = "ours-a",
                             .owner = "hand",
                             .vcpus = 1,
                             .memory_kib = 65536,
                             .kernel = "/k",
                             .initrd = "/i" };

    assert_null(guest_create(node->connection, ((HostTree *) node->tree)->journal, &spec, &error));
    assert_non_null(strstr(error->message, "ours-a"));
    assert_non_null(strstr(error->message, "already"));
    g_autoptr(GPtrArray) entries = journal_unfinished(((HostTree *) node->tree)->journal);
    assert_int_equal(entries->len, 0);
}

static const GuestSpec new_guest = { .name = "new",
                                     .owner = "hand",
                                     .accelerator = ACCELERATOR_KVM,
                                     .vcpus = 1,
                                     .memory_kib = 65536,
                                     .kernel = "/k",
                                     .initrd = "/i" };

static guint
count_unfinished(const Node *node)
{
    g_autoptr(GPtrArray) entries = journal_unfinished(((HostTree *) node->tree)->journal);

    return entries->len;
}

static void
journals_a_guest_from_its_start_to_its_end(void **state)
{
    Node *node = *state;
    g_autofree char *socket = state_run_file(((HostTree *) node->tree)->state, "console-new.sock");
    g_autoptr(Guest) guest =
        guest_create(node->connection, ((HostTree *) node->tree)->journal, &new_guest, NULL);

    assert_non_null(guest);
    assert_true(guest_is_ours(guest));
    assert_true(guest_is_running(guest));
    assert_int_equal(count_unfinished(node), 1);
    assert_true(g_file_test(socket, G_FILE_TEST_EXISTS));
    assert_true(guest_destroy(guest, NULL));
    assert_int_equal(count_unfinished(node), 0);
    assert_false(g_file_test(socket, G_FILE_TEST_EXISTS));
}

static void
closes_the_journal_of_a_guest_that_is_to_stay(void **state)
{
    Node *node = *state;
    g_autoptr(Guest) guest =
        guest_create(node->connection, ((HostTree *) node->tree)->journal, &new_guest, NULL);

    assert_true(guest_keep(guest, NULL));
    assert_int_equal(count_unfinished(node), 0);
    assert_true(guest_is_running(guest));
}

/* The KVM template with a domain type that no driver knows. */
static void
put_broken_template(const HostTree *tree)
{
    g_autofree char *folder = sysroot_path(tree->root, "");
    g_autofree char *path = NULL;
    g_autofree char *text = NULL;
    g_auto(GStrv) parts = NULL;
    g_autofree char *broken = NULL;

    assert_true(state_data_file("xml/guest-kvm.xml", &path, NULL));
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    parts = g_strsplit(text, "<domain type='kvm'", 2);
    broken = g_strjoinv("<domain type='nonsense'", parts);
    host_tree_put(tree, "xml/guest-kvm.xml", broken);
    g_setenv("INSIDEOUT_DATA_DIR", folder, TRUE);
}

static void
leaves_nothing_of_a_guest_that_did_not_start(void **state)
{
    Node *node = *state;
    g_autofree char *socket = state_run_file(((HostTree *) node->tree)->state, "console-new.sock");
    g_autoptr(GError) error = NULL;
    Guest *guest;

    put_broken_template(node->tree);
    guest = guest_create(node->connection, ((HostTree *) node->tree)->journal, &new_guest, &error);
    g_unsetenv("INSIDEOUT_DATA_DIR");
    assert_null(guest);
    assert_non_null(strstr(error->message, "guest new: it cannot be started"));
    assert_non_null(strstr(error->message, "nonsense"));
    assert_int_equal(count_unfinished(node), 0);
    assert_false(g_file_test(socket, G_FILE_TEST_EXISTS));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(tells_ours_from_others_by_name),
        CASE(changes_nothing_of_a_guest_that_is_not_ours),
        CASE(says_which_guest_is_not_there_and_where),
        CASE(destroys_ours_and_takes_gone_for_done),
        CASE(destroys_many_and_still_names_the_one_it_may_not),
        CASE(refuses_a_balloon_target_over_the_memory),
        CASE(refuses_a_name_that_is_taken),
        CASE(journals_a_guest_from_its_start_to_its_end),
        CASE(closes_the_journal_of_a_guest_that_is_to_stay),
        CASE(leaves_nothing_of_a_guest_that_did_not_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
