/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/work.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/failure.h"
#include "tests/support/agent_host.h"
#include "tests/support/cmocka_all.h"

static const Message ask = { .kind = FRAME_WORK_ASK };
static const char *const nothing[] = { NULL };

static void
does_units_of_every_kind(void **state)
{
    static const char *const kinds[] = { "cpu", "memory", "disk", "network" };

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Work) work = work_new(kinds[i], &error);

        if (!work)
            fail_msg("%s: %s", kinds[i], error->message);
        assert_non_null(strstr(work_kinds(), kinds[i]));
        for (int unit = 0; unit < 40; unit++)
            if (!work_do(work, &error))
                fail_msg("unit %d: %s", unit, error->message);
    }
}

static void
names_the_kinds_that_there_are(void **state)
{
    g_autoptr(GError) error = NULL;

    assert_null(work_new("gpu", &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_USAGE));
    assert_non_null(strstr(error->message, "want cpu, memory, disk, network"));
}

static void
leaves_no_file_behind(void **state)
{
    g_autofree char *before = g_get_current_dir(), *folder = g_strdup("/tmp/insideout-XXXXXX");
    Work *work;

    assert_non_null(g_mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    work = work_new("disk", NULL);
    assert_non_null(work);
    assert_true(work_do(work, NULL));
    work_free(work);
    assert_int_equal(chdir(before), 0);
    assert_int_equal(rmdir(folder), 0);
}

static uint64_t
ask_units(AgentHost *host)
{
    return agent_host_ask(host, &ask, FRAME_WORK)->work.units;
}

static void
the_agent_tells_the_units_of_its_load(void **state)
{
    const char *const argv[] = { g_getenv("GUESTPROBE"), "--work", "cpu", NULL };
    const Message load = agent_host_load(argv, nothing);
    const Message other = agent_host_load_shell("sleep 1000");
    AgentHost *host = *state;
    uint64_t units;
    int64_t raw_ns;

    agent_host_expect(host, FRAME_HELLO);
    assert_true(ask_units(host) == WIRE_WORK_NOT_TOLD);
    agent_host_ask(host, &load, FRAME_LOADED);
    while ((units = ask_units(host)) == WIRE_WORK_NOT_TOLD || units == 0)
        g_usleep(1000);
    raw_ns = host->got.work.stamp.raw_ns;
    while (ask_units(host) <= units)
        g_usleep(1000);
    assert_true(host->got.work.stamp.raw_ns > raw_ns);
    agent_host_ask(host, &agent_host_unload, FRAME_UNLOADED);

    /* Another load's number is not the last one's. */
    agent_host_ask(host, &other, FRAME_LOADED);
    assert_true(ask_units(host) == WIRE_WORK_NOT_TOLD);
    agent_host_ask(host, &agent_host_unload, FRAME_UNLOADED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_units_of_every_kind),
        cmocka_unit_test(names_the_kinds_that_there_are),
        cmocka_unit_test(leaves_no_file_behind),
        cmocka_unit_test_setup_teardown(the_agent_tells_the_units_of_its_load, agent_host_set_up,
                                        agent_host_tear_down),
    };

    return cmocka_run_group_tests_name("probe_work", tests, NULL, NULL);
}
