/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/agent_host.h"
#include "tests/support/cmocka_all.h"

/* Processes whose environment holds the mark. */
static unsigned
count_marked(const char *mark)
{
    g_autoptr(GDir) dir = g_dir_open("/proc", 0, NULL);
    const char *name;
    unsigned n = 0;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename("/proc", name, "environ", NULL);
        g_autofree char *bytes = NULL;
        gsize len;

        if (g_ascii_isdigit(*name) && g_file_get_contents(path, &bytes, &len, NULL))
            n += memmem(bytes, len, mark, strlen(mark)) != NULL;
    }
    return n;
}

static void
ends_a_load_with_all_that_it_forked(void **state)
{
    g_autofree char *mark =
        g_strdup_printf("PROBE_TEST_MARK=%d.%" G_GINT64_FORMAT, getpid(), clock_raw_ns());
    /* A child, a child in a session of its own, and one whose parents have left it. */
    const char *const argv[] = {
        "sh", "-c",
        "sleep 1000 & setsid sleep 1000 & (setsid sh -c 'sleep 1000 & sleep 1000 &' &); sleep 1000",
        NULL
    };
    const char *const env[] = { mark, NULL };
    const Message load = agent_host_load(argv, env);
    AgentHost *host = *state;

    agent_host_expect(host, FRAME_HELLO);
    assert_true(agent_host_ask(host, &load, FRAME_LOADED)->loaded.pid > 0);
    assert_int_equal(host->got.loaded.error, 0);
    while (count_marked(mark) < 5)
        g_usleep(1000);
    assert_int_equal(agent_host_ask(host, &load, FRAME_LOADED)->loaded.error, EBUSY);
    agent_host_ask(host, &agent_host_unload, FRAME_UNLOADED);
    assert_int_equal(count_marked(mark), 0);
}

static void
unloads_when_there_is_no_load(void **state)
{
    AgentHost *host = *state;

    agent_host_expect(host, FRAME_HELLO);
    agent_host_ask(host, &agent_host_unload, FRAME_UNLOADED);
}

static void
says_why_a_load_did_not_start(void **state)
{
    const char *const nothing[] = { NULL };
    const Message missing =
        agent_host_load((const char *const[]){ "/no/such/program", NULL }, nothing);
    const Message empty = agent_host_load(nothing, nothing);
    const Message variable = agent_host_load((const char *const[]){ "true", NULL },
                                             (const char *const[]){ "no-equals-sign", NULL });
    Message unended = missing;
    AgentHost *host = *state;

    agent_host_expect(host, FRAME_HELLO);
    assert_int_equal(agent_host_ask(host, &missing, FRAME_LOADED)->loaded.error, ENOENT);
    assert_int_equal(host->got.loaded.pid, 0);
    agent_host_ask(host, &empty, FRAME_PROBLEM);
    agent_host_ask(host, &variable, FRAME_PROBLEM);
    assert_non_null(strstr(host->got.problem.text, "no-equals-sign"));
    unended.load.argv_len--;
    agent_host_ask(host, &unended, FRAME_PROBLEM);
    assert_int_equal(host->got.problem.about, FRAME_LOAD);
}

static void
reports_a_load_that_fails_by_itself(void **state)
{
    const Message fails = agent_host_load_shell("exit 3");
    const Message dies = agent_host_load_shell("kill -9 $$");
    AgentHost *host = *state;

    agent_host_expect(host, FRAME_HELLO);
    agent_host_ask(host, &fails, FRAME_LOADED);
    assert_int_equal(agent_host_expect(host, FRAME_PROBLEM)->problem.about, FRAME_LOAD);
    assert_non_null(strstr(host->got.problem.text, "exit status 3"));
    agent_host_ask(host, &dies, FRAME_LOADED);
    agent_host_expect(host, FRAME_PROBLEM);
    assert_non_null(strstr(host->got.problem.text, "signal 9"));
}

static void
keeps_silent_about_a_failed_load_until_the_measurement_ends(void **state)
{
    const Message fails = agent_host_load_shell("sleep 0.05; exit 3");
    AgentHost *host = *state;
    g_autoptr(GArray) samples = NULL;
    uint32_t n_lost;

    agent_host_expect(host, FRAME_HELLO);
    agent_host_ask(host, &agent_host_arm, FRAME_ARMED);
    agent_host_ask(host, &fails, FRAME_LOADED);
    agent_host_tell(host, &agent_host_measure);
    samples = agent_host_take_samples(host, 9, &n_lost, NULL);
    agent_host_expect(host, FRAME_PROBLEM);
    assert_int_equal(host->got.problem.about, FRAME_LOAD);
}

static void
does_not_report_a_load_that_has_done_its_work(void **state)
{
    const Message works = agent_host_load_shell("exit 0");
    AgentHost *host = *state;

    agent_host_expect(host, FRAME_HELLO);
    agent_host_ask(host, &works, FRAME_LOADED);
    for (int i = 0; i < 20; i++) {
        agent_host_ask(host, &agent_host_ping, FRAME_PONG);
        g_usleep(1000);
    }
    agent_host_ask(host, &works, FRAME_LOADED); /* the first one is gone: another may start */
    assert_int_equal(host->got.loaded.error, 0);
}

#define with_an_agent(f) cmocka_unit_test_setup_teardown(f, agent_host_set_up, agent_host_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_an_agent(ends_a_load_with_all_that_it_forked),
        with_an_agent(unloads_when_there_is_no_load),
        with_an_agent(says_why_a_load_did_not_start),
        with_an_agent(reports_a_load_that_fails_by_itself),
        with_an_agent(keeps_silent_about_a_failed_load_until_the_measurement_ends),
        with_an_agent(does_not_report_a_load_that_has_done_its_work),
    };

    return cmocka_run_group_tests_name("probe_load", tests, NULL, NULL);
}
