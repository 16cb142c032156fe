/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/judge/perf_line.h"

#include "tests/support/near.h"

/* Lines of perf 6.1 and 7.1, as printed. */
static const struct {
    const char *text;
    PerfLineKind kind;
    const char *name, *modifiers;
    double t, value;
    PerfState state;
    int cpu;
    double runtime, percent;
} lines[] = {
    /* -x, -I: padded times, units, metrics behind */
    { "     1.001059759,2002.36,msec,task-clock,2002359652,100.00,2.002,CPUs utilized",
      PERF_LINE_COUNT, "task-clock", "", 1.001059759, 2002.36e6, PERF_COUNTED, -1, 2002359652,
      100 },
    { "     1.001059759,<not supported>,,cycles:G,0,100.00,,", PERF_LINE_COUNT, "cycles", "G",
      1.001059759, NAN, PERF_NOT_SUPPORTED, -1, 0, 100 },
    { "1.001059759,87,,context-switches,2002359812,100.00,43.449,/sec", PERF_LINE_COUNT,
      "context-switches", "", 1.001059759, 87, PERF_COUNTED, -1, 2002359812, 100 },
    /* -A */
    { "CPU3,101.74,msec,task-clock,101740367,100.00,0.999,CPUs utilized", PERF_LINE_COUNT,
      "task-clock", "", NAN, 101.74e6, PERF_COUNTED, 3, 101740367, 100 },
    /* --per-core: two columns before the count */
    { "S0-D0-C0,1,201.43,msec,task-clock,201429536,100.00,1.000,CPUs utilized", PERF_LINE_COUNT,
      "task-clock", "", NAN, 201.43e6, PERF_COUNTED, -1, 201429536, 100 },
    /* --per-thread -I: a thread that slept */
    { "     1.001065713,sleep-8209,<not counted>,msec,task-clock,0,100.00,,", PERF_LINE_COUNT,
      "task-clock", "", 1.001065713, NAN, PERF_NOT_COUNTED, -1, 0, 100 },
    /* -r 3: variance behind the event */
    { "0.86,msec,task-clock,6.24%,859081,100.00,0.008,CPUs utilized", PERF_LINE_COUNT, "task-clock",
      "", NAN, 0.86e6, PERF_COUNTED, -1, 859081, 100 },
    /* a cgroup behind the event */
    { "1.0,500,,cycles,machine.slice,1000000,100.00,,", PERF_LINE_COUNT, "cycles", "", 1, 500,
      PERF_COUNTED, -1, 1000000, 100 },
    /* run time 0 says not counted, whatever the percent says */
    { "2.0,0,,branch-misses,0,100.00,,", PERF_LINE_COUNT, "branch-misses", "", 2, NAN,
      PERF_NOT_COUNTED, -1, 0, 100 },
    { "2.0,0,,branch-misses,1000,100.00,,", PERF_LINE_COUNT, "branch-misses", "", 2, 0,
      PERF_COUNTED, -1, 1000, 100 },
    { "2.0,123,,branch-misses:u,750,75.00,,", PERF_LINE_COUNT, "branch-misses", "u", 2, 123,
      PERF_COUNTED, -1, 750, 75 },
    /* PMU prefixes of hybrid and named PMUs */
    { "2.0,9,,cpu_core/branch-misses/uG,7,100.00,,", PERF_LINE_COUNT, "branch-misses", "uG", 2, 9,
      PERF_COUNTED, -1, 7, 100 },
    { "2.0;9;;cpu/cycles/;7;100.00;;", PERF_LINE_COUNT, "cycles", "", 2, 9, PERF_COUNTED, -1, 7,
      100 },
    /* the oldest CSV: nothing behind the event */
    { "1.000206672,2406123,,cycles", PERF_LINE_COUNT, "cycles", "", 1.000206672, 2406123,
      PERF_COUNTED, -1, NAN, 100 },
    /* further metrics, comments, blanks, the summary */
    { "     1.001059759,,,,,,0.80,insn per cycle", PERF_LINE_NOTHING, .name = NULL },
    { "# started on Sat Nov 21 02:35:11 2026", PERF_LINE_NOTHING, .name = NULL },
    { "", PERF_LINE_NOTHING, .name = NULL },
    { "summary,2002.36,msec,task-clock,2002359652,100.00,,", PERF_LINE_NOTHING, .name = NULL },
    { "stress: info: [12] dispatching hogs: 1 cpu, 4 io, 1 vm, 0 hdd", PERF_LINE_UNKNOWN,
      .name = NULL },
    { "1.0,-5,,cycles,7,100.00,,", PERF_LINE_UNKNOWN, .name = NULL },
    /* -j, 6.1: numbers, then 7.1: texts */
    { "{\"interval\" : 1.001022557, \"counter-value\" : \"2002.309342\", \"unit\" : \"msec\", "
      "\"event\" : \"task-clock\", \"event-runtime\" : 2002308089, \"pcnt-running\" : 100.00, "
      "\"metric-value\" : 2.002309, \"metric-unit\" : \"CPUs utilized\"}",
      PERF_LINE_COUNT, "task-clock", "", 1.001022557, 2002.309342e6, PERF_COUNTED, -1, 2002308089,
      100 },
    { "{\"interval\" : 1.0, \"cpu\" : \"2\", \"counter-value\" : \"7\", \"unit\" : \"\", \"event\" "
      ": "
      "\"cycles:G\", \"event-runtime\" : 5, \"pcnt-running\" : 50.00, \"metric-value\" : \"none\"}",
      PERF_LINE_COUNT, "cycles", "G", 1, 7, PERF_COUNTED, 2, 5, 50 },
    { "{\"interval\" : 0.5, \"thread\" : \"sleep-15027\", \"counter-value\" : \"<not counted>\", "
      "\"unit\" : \"msec\", \"event\" : \"task-clock\", \"event-runtime\" : 0, \"pcnt-running\" : "
      "100.00}",
      PERF_LINE_COUNT, "task-clock", "", 0.5, NAN, PERF_NOT_COUNTED, -1, 0, 100 },
    { "{\"interval\" : 1.0, \"metric-value\" : \"0.8\", \"metric-unit\" : \"insn per cycle\"}",
      PERF_LINE_NOTHING, .name = NULL },
    { "{\"counter-value\" : 7}", PERF_LINE_NOTHING, .name = NULL },
    { "{broken", PERF_LINE_UNKNOWN, .name = NULL },
};

static void
assert_same(const char *what, double got, double want, const char *text)
{
    if (!(isnan(want) ? isnan(got) : fabs(got - want) <= 1e-9 * fabs(want)))
        fail_msg("%s: %s is %.17g, want %.17g", text, what, got, want);
}

static void
reads_both_generations(void **state)
{
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        PerfLine line;
        PerfLineKind kind = perf_line_parse(lines[i].text, 0, &line);

        if (kind != lines[i].kind)
            fail_msg("%s: kind %d, want %d", lines[i].text, kind, lines[i].kind);
        if (kind != PERF_LINE_COUNT)
            continue;
        assert_string_equal(line.name, lines[i].name);
        assert_string_equal(line.modifiers, lines[i].modifiers);
        assert_int_equal(line.state, lines[i].state);
        assert_int_equal(line.cpu, lines[i].cpu);
        assert_same("time", line.t_seconds, lines[i].t, lines[i].text);
        assert_same("value", line.value, lines[i].value, lines[i].text);
        assert_same("run time", line.runtime_ns, lines[i].runtime, lines[i].text);
        assert_same("percent", line.running_percent, lines[i].percent, lines[i].text);
    }
}

static void
leaves_the_output_alone_when_there_is_no_count(void **state)
{
    PerfLine line = { .value = 42 };

    assert_int_equal(perf_line_parse("nonsense", 0, &line), PERF_LINE_UNKNOWN);
    assert_near(line.value, 42, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_both_generations),
        cmocka_unit_test(leaves_the_output_alone_when_there_is_no_count),
    };

    return cmocka_run_group_tests_name("perf_line", tests, NULL, NULL);
}
