/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/console.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "hostctl/virt/event_loop.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/host_tree.h"

/* As QEMU does it. */
static int
connect_to(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    assert_int_equal(connect(fd, (struct sockaddr *) &address, sizeof address), 0);
    return fd;
}

/* The tail once it ends with `end`: another thread reads. */
static char *
await_tail(Console *console, size_t max_bytes, const char *end)
{
    for (int i = 0; i < 1000; i++) {
        char *tail = console_tail(console, max_bytes);

        if (g_str_has_suffix(tail, end))
            return tail;
        g_free(tail);
        g_usleep(10000);
    }
    fail_msg("“%s” never came", end);
    return NULL;
}

static Console *
make_console(const HostTree *tree, char **ret_path)
{
    *ret_path = state_run_file(tree->state, "console.sock");
    assert_true(event_loop_start(NULL));
    return console_new(*ret_path, NULL);
}

static void
keeps_what_was_written_last_as_safe_text(void **state)
{
    g_autofree char *path = NULL;
    g_autoptr(Console) console = make_console(*state, &path);
    autofd int fd = connect_to(path);
    const char text[] = "first\r\n\r\nse\033[31mcond\r\nlast\r\n";
    g_autofree char *all = NULL;
    g_autofree char *some = NULL;

    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    all = await_tail(console, 1000, "last");
    assert_string_equal(all, "first\nse\\x1b[31mcond\nlast");
    some = console_tail(console, 6);
    assert_string_equal(some, "last");
}

static void
reads_what_is_connected_already(void **state)
{
    autofd int guest = -1;
    g_autoptr(Console) console = NULL;
    g_autofree char *tail = NULL;
    int pair[2];

    assert_true(event_loop_start(NULL));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    guest = pair[1];
    console = console_new_connected(pair[0], NULL);
    assert_non_null(console);
    assert_int_equal(write(guest, "boot\n", 5), 5);
    tail = await_tail(console, 100, "boot");
    assert_string_equal(tail, "boot");
}

static void
begins_at_the_panic_whose_trace_is_long(void **state)
{
    g_autofree char *path = NULL;
    g_autoptr(Console) console = make_console(*state, &path);
    autofd int fd = connect_to(path);
    g_autofree char *trace = g_strnfill(500, 't');
    g_autofree char *text = g_strconcat("boot\nKernel panic - why\n", trace, "\nend\n", NULL);
    g_autofree char *whole = NULL;
    g_autofree char *tail = NULL;

    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    whole = await_tail(console, 1000, "end");
    tail = console_tail(console, 60);
    assert_true(g_str_has_prefix(tail, "Kernel panic - why\nttt"));
    assert_int_equal(strlen(tail), 60);
}

static void
hangs_up_on_a_guest_that_never_stops_writing(void **state)
{
    g_autofree char *path = NULL;
    g_autoptr(Console) console = make_console(*state, &path);
    autofd int fd = connect_to(path);
    g_autofree char *block = g_strnfill(4096, 'x');
    g_autofree char *tail = NULL;
    size_t sent = 0;

    while (sent < 64u * CONSOLE_MAX_BYTES) {
        ssize_t n = send(fd, block, 4096, MSG_NOSIGNAL);

        if (n < 0)
            break;
        sent += (size_t) n;
    }
    assert_true(sent < 64u * CONSOLE_MAX_BYTES);
    tail = console_tail(console, SIZE_MAX);
    assert_true(strlen(tail) <= CONSOLE_KEPT_BYTES);
}

static void
takes_the_place_of_a_socket_that_was_left(void **state)
{
    HostTree *tree = *state;
    g_autofree char *path = state_run_file(tree->state, "console.sock");
    g_autofree char *again = NULL;

    assert_true(g_file_set_contents(path, "left", -1, NULL));
    g_autoptr(Console) console = make_console(tree, &again);
    assert_non_null(console);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, host_tree_setup, host_tree_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(keeps_what_was_written_last_as_safe_text),
        CASE(reads_what_is_connected_already),
        CASE(begins_at_the_panic_whose_trace_is_long),
        CASE(hangs_up_on_a_guest_that_never_stops_writing),
        CASE(takes_the_place_of_a_socket_that_was_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
