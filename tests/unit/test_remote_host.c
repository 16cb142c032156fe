/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/remote_host.h"

#include <string.h>

#include "common/base/failure.h"
#include "tests/support/cmocka_all.h"

static void
a_uri_of_this_machine_is_not_remote(void **state)
{
    g_autofree char *own = g_strdup_printf("qemu+ssh://root@%s/system", g_get_host_name());
    const char *const local[] = { NULL,
                                  "",
                                  "qemu:///system",
                                  "qemu:///embed?root=/run/x",
                                  "test:///default",
                                  "qemu+unix:///system?socket=/run/a://b",
                                  "qemu+tcp://localhost/system",
                                  "qemu+ssh://root@127.0.0.1:22/system",
                                  "qemu+tls://[::1]/system",
                                  "an-alias",
                                  own };

    for (size_t i = 0; i < G_N_ELEMENTS(local); i++) {
        RemoteHost host;

        if (remote_host_parse(local[i], &host))
            fail_msg("%s is taken for another machine", local[i]);
    }
}

static void
login_port_and_path_are_found(void **state)
{
    static const struct {
        const char *uri, *login, *port, *local_uri;
    } cases[] = {
        { "qemu+ssh://root@node1.example:2222/system?keyfile=/k", "root@node1.example", "2222",
          "qemu:///system" },
        { "qemu+ssh://node/session", "node", NULL, "qemu:///session" },
        { "qemu+tcp://node:16509/system", "node", NULL, "qemu:///system" }, /* not ssh's port */
        { "qemu://node/system", "node", NULL, "qemu:///system" },
        { "qemu+tls://[2001:db8::7]/system", "2001:db8::7", NULL, "qemu:///system" },
        { "qemu+ssh://a@b@node/system", "a@b@node", NULL, "qemu:///system" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(RemoteHost) host = { 0 };

        assert_true(remote_host_parse(cases[i].uri, &host));
        assert_string_equal(host.login, cases[i].login);
        assert_string_equal(host.local_uri, cases[i].local_uri);
        assert_int_equal(host.port != NULL, cases[i].port != NULL);
        if (host.port)
            assert_string_equal(host.port, cases[i].port);
    }
}

static void
plain_words_stay_readable(void **state)
{
    const RemoteHost host = { "root@node", "2222", "qemu:///system" };
    const char *const words[] = { "stat", "-I", "1000", "-e", "cycles,instructions:G", NULL };
    g_autofree char *command = remote_host_command(&host, words);

    assert_string_equal(command, "ssh -p 2222 root@node hostctl -c qemu:///system stat -I 1000 -e "
                                 "cycles,instructions:G");
}

/* Two shells read it: what comes out behind both is what was given. */
static void
words_survive_both_shells(void **state)
{
    const RemoteHost host = { "node", NULL, "qemu:///system" };
    const char *const words[] = { "record", "-o",  "my file.db", "it's", "$(id)", "a;b",
                                  "",       "*.x", "\\n`x`\"",   "~",    NULL };
    g_autofree char *command = remote_host_command(&host, words);
    g_auto(GStrv) here = NULL;
    g_auto(GStrv) there = NULL;
    g_autofree char *joined = NULL;

    assert_true(g_shell_parse_argv(command, NULL, &here, NULL));
    assert_string_equal(here[0], "ssh");
    assert_string_equal(here[1], "node");
    joined = g_strjoinv(" ", here + 2); /* as ssh sends it */
    assert_true(g_shell_parse_argv(joined, NULL, &there, NULL));
    assert_string_equal(there[0], "hostctl");
    assert_string_equal(there[2], "qemu:///system");
    for (size_t i = 0; words[i]; i++)
        assert_string_equal(there[i + 3], words[i]);
    assert_null(there[3 + g_strv_length((char **) words)]);
}

static void
a_refusal_names_uri_and_command(void **state)
{
    const char *const words[] = { "top", NULL };
    g_autoptr(GError) error = NULL;

    assert_true(remote_host_refuse("qemu:///system", words, NULL));
    assert_false(remote_host_refuse("qemu+ssh://node/system", words, &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_UNSUPPORTED));
    assert_non_null(strstr(error->message, "qemu+ssh://node/system"));
    assert_non_null(strstr(error->message, "ssh node hostctl -c qemu:///system top"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_uri_of_this_machine_is_not_remote),
        cmocka_unit_test(login_port_and_path_are_found),
        cmocka_unit_test(plain_words_stay_readable),
        cmocka_unit_test(words_survive_both_shells),
        cmocka_unit_test(a_refusal_names_uri_and_command),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
