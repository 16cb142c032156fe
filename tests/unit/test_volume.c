/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/volume.h"

#include <string.h>

#include "hostctl/recover.h"
#include "hostctl/virt/image.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/host_tree.h"

/* libvirt's driver for tests has this one, without volumes; nothing of it is on a disk. */
#define URI "test:///default"
#define POOL "default-pool"

static Connection *
open_connection(const HostTree *tree)
{
    g_autoptr(GError) error = NULL;
    Connection *connection = connection_open(URI, tree->state, 20000, NULL, &error);

    if (!connection)
        fail_msg("%s", error->message);
    return connection;
}

static void
make_volume(Connection *connection, const char *name)
{
    const VolumeFacts lies_on = { (char *) "/default-pool/base", (char *) "raw", 1 << 20 };
    g_autofree char *path = NULL;

    assert_true(volume_create_overlay(connection, POOL, name, &lies_on, &path, NULL));
    assert_true(g_str_has_suffix(path, name));
}

static bool
is_there(Connection *connection, const char *name)
{
    g_auto(VolumeFacts) facts = { 0 };

    return volume_look(connection, POOL, name, &facts, NULL);
}

static void
makes_an_overlay_and_takes_it_away(void **state)
{
    g_autoptr(Connection) connection = open_connection(*state);
    g_auto(VolumeFacts) facts = { 0 };
    bool found;

    make_volume(connection, "insideout-a.qcow2");
    assert_true(volume_look(connection, POOL, "insideout-a.qcow2", &facts, NULL));
    assert_string_equal(facts.format, "qcow2");
    assert_string_equal(facts.path, "/default-pool/insideout-a.qcow2");
    assert_int_equal(facts.bytes, 1 << 20);
    assert_true(volume_delete(connection, POOL, "insideout-a.qcow2", &found, NULL));
    assert_true(found);
    assert_true(volume_delete(connection, POOL, "insideout-a.qcow2", &found, NULL));
    assert_false(found);
}

static void
overwrites_nothing(void **state)
{
    g_autoptr(Connection) connection = open_connection(*state);
    const VolumeFacts lies_on = { (char *) "/default-pool/base", (char *) "raw", 1 << 20 };
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    bool found;

    make_volume(connection, "insideout-b.qcow2");
    assert_false(
        volume_create_overlay(connection, POOL, "insideout-b.qcow2", &lies_on, &path, &error));
    assert_non_null(strstr(error->message, "volume insideout-b.qcow2 cannot be made"));
    assert_true(volume_delete(connection, POOL, "insideout-b.qcow2", &found, NULL));
}

static void
removes_only_what_is_ours(void **state)
{
    g_autoptr(Connection) connection = open_connection(*state);
    g_autoptr(GError) error = NULL;
    bool found;

    make_volume(connection, "debian-12.qcow2");
    assert_false(volume_delete(connection, POOL, "debian-12.qcow2", &found, &error));
    assert_non_null(strstr(error->message, "is no volume of ours"));
    assert_true(is_there(connection, "debian-12.qcow2"));
}

static void
names_the_pool_and_the_volume_that_are_not_there(void **state)
{
    g_autoptr(Connection) connection = open_connection(*state);
    g_auto(VolumeFacts) facts = { 0 };
    g_autoptr(GError) no_pool = NULL, no_volume = NULL;

    assert_false(volume_look(connection, "pond", "x", &facts, &no_pool));
    assert_non_null(strstr(no_pool->message, "storage pool pond of " URI));
    assert_false(volume_look(connection, POOL, "x", &facts, &no_volume));
    assert_non_null(strstr(no_volume->message, "storage pool " POOL ": volume x: "));
}

static void
recover_removes_what_a_killed_run_left(void **state)
{
    HostTree *tree = *state;
    g_autoptr(Connection) connection = open_connection(tree);
    const char *const targets[] = { POOL "/insideout-c.qcow2", POOL "/insideout-gone.qcow2",
                                    POOL "/base", "insideout-c.qcow2", POOL "/insideout-c/../x" };
    const RecoverOutcome want[] = { RECOVER_PUT_BACK, RECOVER_GONE, RECOVER_FAILED, RECOVER_FAILED,
                                    RECOVER_FAILED };
    g_autoptr(GPtrArray) steps = NULL;
    uint64_t id;

    make_volume(connection, "insideout-c.qcow2");
    for (size_t i = 0; i < G_N_ELEMENTS(targets); i++)
        assert_true(journal_add(tree->journal,
                                &(JournalEntry){ .kind = JOURNAL_VOLUME,
                                                 .target = (char *) targets[i],
                                                 .uri = (char *) URI },
                                &id, NULL));
    assert_true(recover_all(tree->state, tree->journal, false, NULL, &steps, NULL));
    assert_int_equal(steps->len, G_N_ELEMENTS(targets));
    for (guint i = 0; i < steps->len; i++) {
        const RecoverStep *step = steps->pdata[i];

        for (size_t k = 0; k < G_N_ELEMENTS(targets); k++)
            if (g_str_equal(step->entry->target, targets[k]) && step->outcome != want[k])
                fail_msg("%s: %s", targets[k], step->text);
    }
    assert_false(is_there(connection, "insideout-c.qcow2"));
}

static void
an_image_is_not_called_as_overlays_are(void **state)
{
    HostTree *tree = *state;
    g_autoptr(Connection) connection = open_connection(tree);
    const ImageSource source = { "insideout-t.qcow2", POOL };
    g_autoptr(GError) error = NULL;
    bool found;

    make_volume(connection, "insideout-t.qcow2");
    assert_null(image_new(tree->journal, tree->state, connection, "t", &source, &error));
    assert_non_null(strstr(error->message, "names that begin with insideout-"));
    assert_true(is_there(connection, "insideout-t.qcow2"));
    assert_true(volume_delete(connection, POOL, "insideout-t.qcow2", &found, NULL));
}

static void
a_guests_volumes_go_with_it(void **state)
{
    g_autoptr(Connection) connection = open_connection(*state);

    make_volume(connection, "insideout-t.qcow2");
    make_volume(connection, "insideout-t.seed.iso");
    make_volume(connection, "insideout-other.qcow2");
    assert_true(image_remove_volumes(connection, POOL, "t", NULL));
    assert_false(is_there(connection, "insideout-t.qcow2"));
    assert_false(is_there(connection, "insideout-t.seed.iso"));
    assert_true(is_there(connection, "insideout-other.qcow2"));
    assert_true(image_remove_volumes(connection, POOL, "t", NULL));
}

#define IN_A_TREE(test) cmocka_unit_test_setup_teardown(test, host_tree_setup, host_tree_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_TREE(makes_an_overlay_and_takes_it_away),
        IN_A_TREE(overwrites_nothing),
        IN_A_TREE(removes_only_what_is_ours),
        IN_A_TREE(names_the_pool_and_the_volume_that_are_not_there),
        IN_A_TREE(recover_removes_what_a_killed_run_left),
        IN_A_TREE(an_image_is_not_called_as_overlays_are),
        IN_A_TREE(a_guests_volumes_go_with_it),
    };

    return cmocka_run_group_tests_name("volume", tests, NULL, NULL);
}
