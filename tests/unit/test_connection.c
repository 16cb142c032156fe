/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/connection.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"
#include "hostctl/virt/embed_root.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/host_tree.h"

static void
takes_the_default_from_the_environment(void **state)
{
    g_autofree char *uri = NULL;

    g_setenv("LIBVIRT_DEFAULT_URI", "test:///default", TRUE);
    uri = connection_default_uri();
    g_unsetenv("LIBVIRT_DEFAULT_URI");
    assert_string_equal(uri, "test:///default");
}

static void
knows_which_uris_need_the_embedded_root(void **state)
{
    assert_true(connection_uri_is_embedded("qemu:///embed"));
    assert_true(connection_uri_is_embedded("qemu:///embed?root=/x"));
    assert_false(connection_uri_is_embedded("qemu:///embedded"));
    assert_false(connection_uri_is_embedded("qemu:///system"));
}

static void
reads_the_root_of_an_embedded_uri(void **state)
{
    g_autofree char *root = embed_root_of_uri("qemu:///embed?root=/run/a%20b&x=1");

    assert_string_equal(root, "/run/a b");
    assert_null(embed_root_of_uri("qemu:///embed"));
    assert_null(embed_root_of_uri("qemu:///system?root=/x"));
    assert_null(embed_root_of_uri("not a uri"));
}

static void
refuses_a_root_too_long_for_sockets(void **state)
{
    HostTree *tree = *state;
    g_autoptr(GError) error = NULL;

    assert_null(connection_open("qemu:///embed?root=/run/a/folder/that/is/too/long", tree->state,
                                1000, NULL, &error));
    assert_non_null(strstr(error->message, "at most 26"));
}

static void
opens_a_driver_that_needs_nothing(void **state)
{
    HostTree *tree = *state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Connection) connection =
        connection_open("test:///default", tree->state, 10000, NULL, &error);

    assert_non_null(connection);
    assert_string_equal(connection_uri(connection), "test:///default");
    assert_false(connection_is_embedded(connection));
    assert_non_null(strchr(connection_libvirt_version(connection), '.'));
}

static void
says_what_cannot_be_opened_and_why(void **state)
{
    HostTree *tree = *state;
    g_autoptr(GError) error = NULL;

    assert_null(connection_open("qemu+unix:///system?socket=/nowhere/sock", tree->state, 10000,
                                NULL, &error));
    assert_non_null(strstr(error->message, "cannot be opened"));
    assert_non_null(strstr(error->message, "/nowhere/sock"));
}

/* A daemon that takes connections and never says a word. */
static int
listen_silently(const HostTree *tree, char **ret_uri)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    g_autofree char *path = g_build_filename(tree->path, "silent", NULL);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    *ret_uri = g_strdup_printf("qemu+unix:///system?socket=%s", path);
    return fd;
}

static void
gives_up_on_a_daemon_that_does_not_answer(void **state)
{
    HostTree *tree = *state;
    g_autofree char *uri = NULL;
    autofd int fd = listen_silently(tree, &uri);
    g_autoptr(GError) error = NULL;

    assert_true(fd >= 0);
    assert_null(connection_open(uri, tree->state, 300, NULL, &error));
    assert_non_null(strstr(error->message, "does not answer"));
    assert_non_null(strstr(error->message, "silent"));
}

static void
stops_waiting_for_a_daemon_at_a_signal(void **state)
{
    HostTree *tree = *state;
    g_autoptr(Interrupt) interrupt = interrupt_new_manual(NULL);
    g_autofree char *uri = NULL;
    autofd int fd = listen_silently(tree, &uri);
    g_autoptr(GError) error = NULL;

    assert_true(fd >= 0);
    interrupt_raise(interrupt, SIGINT);
    assert_null(connection_open(uri, tree->state, 3600000, interrupt, &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_INTERRUPTED));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, host_tree_setup, host_tree_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_default_from_the_environment),
        cmocka_unit_test(knows_which_uris_need_the_embedded_root),
        cmocka_unit_test(reads_the_root_of_an_embedded_uri),
        CASE(refuses_a_root_too_long_for_sockets),
        CASE(opens_a_driver_that_needs_nothing),
        CASE(says_what_cannot_be_opened_and_why),
        CASE(gives_up_on_a_daemon_that_does_not_answer),
        CASE(stops_waiting_for_a_daemon_at_a_signal),
    };

    /* As an Interrupt does: who was given up on may still write to a daemon that is gone. */
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
