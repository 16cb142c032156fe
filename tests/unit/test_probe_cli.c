/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program itself, as a user and as hostctl meet it. */
#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/wire/channel.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/run_program.h"

#define MAX_WORDS 16

/* The line's words behind the program's name. */
static ProgramResult
probe(const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    const char *argv[MAX_WORDS + 2] = { g_getenv("GUESTPROBE") };

    assert_non_null(argv[0]);
    for (int i = 0; words[i]; i++)
        argv[i + 1] = words[i];
    return run_program(argv);
}

static void
assert_says(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("“%s” is not in: %s", part, text);
}

static void
explains_itself(void **state)
{
    g_auto(ProgramResult) help = probe("--help");
    g_auto(ProgramResult) version = probe("--version");

    assert_int_equal(help.exit_code, 0);
    assert_says(help.out, "Examples:");
    assert_string_equal(help.err, "");
    assert_string_equal(version.out, "guestprobe " INSIDEOUT_VERSION "\n");
}

static void
prints_its_facts_as_json(void **state)
{
    g_auto(ProgramResult) facts = probe("--facts");
    g_autoptr(JsonNode) node = json_from_string(facts.out, NULL);

    assert_int_equal(facts.exit_code, 0);
    assert_non_null(node);
    assert_true(json_object_has_member(json_node_get_object(node), "hypervisor"));
}

static const struct {
    const char *line;
    int exit_code;
    const char *err;
} ends[] = {
    { "-e task-clock -- sh -c exit\t3", 3, "task-clock" },
    { "-e task-clock -- false", 1, "task-clock" },
    { "-e task-clock -o /dev/null -- true", 0, "" },
    { "-e task-clock -- /no/such/program", 255, "guestprobe: /no/such/program: No such file" },
    { "-e cylces", 2, "guestprobe: event “cylces” is unknown" },
    { "-Q", 2, "guestprobe: " },
    { "--source software -e cycles", 1, "cycles: no software event" },
    { "-e task-clock --for 0.01 -o /no/such/folder/file", 1, "/no/such/folder/file" },
    { "-e task-clock --for 0.01 -o /dev/full", 1, "No space left on device" },
    { "--agent --port /no/such/port", 1, "guestprobe: opening /no/such/port: No such file" },
    { "-e task-clock --for 0.05 -- sleep 1000", 128 + SIGTERM, "task-clock" },
};

static void
ends_with_the_code_that_says_why(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_auto(ProgramResult) result = probe(ends[i].line);

        if (result.exit_code != ends[i].exit_code)
            fail_msg("%s: exit %d: %s", ends[i].line, result.exit_code, result.err);
        assert_says(result.err, ends[i].err);
    }
}

static void
prints_windows_as_csv(void **state)
{
    g_auto(ProgramResult) result = probe("-x, -I 20 --for 0.1 -e task-clock,page-faults,cs");
    g_auto(GStrv) lines = g_strsplit(g_strchomp(result.out), "\n", -1);

    assert_int_equal(result.exit_code, 0);
    assert_string_equal(result.err, "");
    assert_int_equal(g_strv_length(lines) % 3, 0);
    assert_in_range(g_strv_length(lines), 3, 15);
    for (int i = 0; lines[i]; i++) {
        g_auto(GStrv) columns = g_strsplit(lines[i], ",", -1);

        assert_int_equal(g_strv_length(columns), 8);
        assert_string_equal(columns[3], i % 3 == 0   ? "task-clock"
                                        : i % 3 == 1 ? "page-faults"
                                                     : "cs");
    }
}

static void
prints_windows_as_json(void **state)
{
    g_auto(ProgramResult) result = probe("-j -I 50 --for 0.05 -e task-clock,page-faults");
    g_auto(GStrv) lines = g_strsplit(g_strchomp(result.out), "\n", -1);

    assert_int_equal(g_strv_length(lines), 2);
    for (int i = 0; lines[i]; i++) {
        g_autoptr(JsonNode) node = json_from_string(lines[i], NULL);
        JsonObject *object;

        assert_non_null(node);
        object = json_node_get_object(node);
        assert_true(json_object_get_double_member(object, "interval") >= 0.05);
        assert_non_null(json_object_get_string_member(object, "counter-value"));
        assert_string_equal(json_object_get_string_member(object, "source"), "software");
    }
}

static void
prints_the_last_window_when_it_is_interrupted(void **state)
{
    g_auto(ProgramResult) result = { 0 };
    const char *const argv[] = { "timeout", "--signal=INT", "0.5", g_getenv("GUESTPROBE"), "-I",
                                 "3600000", "-x,",          "-e",  "task-clock",           NULL };

    result = run_program(argv);
    assert_says(result.out, ",msec,task-clock,");
}

static Message
receive(Channel *channel)
{
    struct pollfd input = { .fd = channel_fd(channel), .events = POLLIN };
    g_autoptr(GError) error = NULL;
    Message message;
    int got;

    while ((got = channel_receive(channel, &message, NULL, &error)) == 0)
        if (poll(&input, 1, 20000) == 0)
            fail_msg("the agent does not answer");
    if (got < 0)
        fail_msg("%s", error->message);
    return message;
}

static void
serves_a_host_over_a_terminal_until_it_is_ended(void **state)
{
    const Message bye = { .kind = FRAME_BYE };
    g_autoptr(Channel) host = NULL;
    int near, far, status;
    char path[64];
    pid_t pid;

    assert_int_equal(openpty(&near, &far, path, NULL, NULL), 0);
    fcntl(near, F_SETFD, FD_CLOEXEC);
    host = channel_new(near);
    pid = fork();
    if (pid == 0) {
        execl(g_getenv("GUESTPROBE"), "guestprobe", "--agent", "--port", path, NULL);
        _exit(127);
    }
    assert_int_equal(receive(host).kind, FRAME_HELLO);
    assert_true(channel_send(host, &bye, 1000, NULL));
    assert_int_equal(receive(host).problem.about, FRAME_BYE);
    kill(pid, SIGTERM);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    close(far);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explains_itself),
        cmocka_unit_test(prints_its_facts_as_json),
        cmocka_unit_test(ends_with_the_code_that_says_why),
        cmocka_unit_test(prints_windows_as_csv),
        cmocka_unit_test(prints_windows_as_json),
        cmocka_unit_test(prints_the_last_window_when_it_is_interrupted),
        cmocka_unit_test(serves_a_host_over_a_terminal_until_it_is_ended),
    };

    return cmocka_run_group_tests_name("probe_cli", tests, NULL, NULL);
}
