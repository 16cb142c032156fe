/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An agent that leaves its CPU's counters to the host for some windows. */
#include "tests/support/agent_host.h"
#include "tests/support/cmocka_all.h"

/* Turns of two windows: both events, none, the second alone. */
static void
counts_by_turns_and_says_whose_it_was(void **state)
{
    const Message arm = { .kind = FRAME_ARM_TURNS,
                          .arm_turns = {
                              { WIRE_SOURCE_SOFTWARE, 2, { "task-clock", "page-faults" } },
                              2,
                              3,
                              { 3, 0, 2 } } };
    AgentHost *host = *state;
    uint32_t n_cpus = agent_host_expect(host, FRAME_HELLO)->hello.n_vcpus, n_lost;
    const Message measure = { .kind = FRAME_MEASURE, .measure = { 9, 100000000, 700000000 } };

    agent_host_ask(host, &arm, FRAME_ARMED);
    assert_int_equal(host->got.armed.n_events, 2);
    for (int visit = 0; visit < 2; visit++) { /* each begins with the first turn */
        g_autoptr(GArray) samples = NULL;

        agent_host_tell(host, &measure);
        samples = agent_host_take_samples(host, 9, &n_lost, NULL);
        assert_true(samples->len > n_cpus);
        for (guint i = n_cpus; n_lost == 0 && i < samples->len; i++) {
            const WireSample *sample = &g_array_index(samples, WireSample, i);
            uint64_t turn = (uint64_t) (i / n_cpus - 1) / 2 % 3 + 1;

            assert_int_equal(sample->n_values, 3);
            assert_int_equal(sample->values[2], turn);
            if (turn == 1)
                assert_true(sample->values[0] != UINT64_MAX);
            if (i / n_cpus == 3) /* within the turn of none */
                assert_true(sample->values[0] == UINT64_MAX && sample->values[1] == UINT64_MAX);
            if (i / n_cpus == 5) /* within that of one */
                assert_true(sample->values[0] == UINT64_MAX && sample->values[1] != UINT64_MAX);
        }
    }
}

static void
refuses_turns_that_are_none(void **state)
{
    static const ArmTurnsMessage wrong[] = {
        { { WIRE_SOURCE_EMULATED, 1, { "cycles" } }, 2, 1, { 1 } },
        { { WIRE_SOURCE_SOFTWARE, 1, { "task-clock" } }, 2, 2, { 1, 2 } },
        { { WIRE_SOURCE_SOFTWARE, 1, { "task-clock" } }, 2, 2, { 0, 1 } },
        { { WIRE_SOURCE_SOFTWARE, 0 }, 2, 1, { 0 } },
    };
    AgentHost *host = *state;

    agent_host_expect(host, FRAME_HELLO);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        const Message request = { .kind = FRAME_ARM_TURNS, .arm_turns = wrong[i] };

        agent_host_ask(host, &request, FRAME_PROBLEM);
        assert_int_equal(host->got.problem.about, FRAME_ARM_TURNS);
        agent_host_ask(host, &agent_host_measure, FRAME_PROBLEM);
    }
}

#define with_an_agent(test) \
    cmocka_unit_test_setup_teardown(test, agent_host_set_up, agent_host_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_an_agent(counts_by_turns_and_says_whose_it_was),
        with_an_agent(refuses_turns_that_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
