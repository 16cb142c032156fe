/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "common/base/failure.h"
#include "common/base/option_parse.h"
#include "common/base/pace.h"
#include "hostctl/command.h"
#include "hostctl/remote_host.h"
#include "hostctl/selftest/report.h"
#include "hostctl/selftest/subject.h"

typedef struct {
    GArray *first, *second; /* bursts of echoes */
    TrialResult trial;
} Observations;

static void
observations_clear(Observations *seen)
{
    g_array_unref(seen->first);
    g_array_unref(seen->second);
    trial_result_clear(&seen->trial);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Observations, observations_clear)

static bool
observe(SelftestSubject *subject, Observations *seen, GError **error)
{
    pace_tell("2 of 3: counting a known loop on both sides");
    return selftest_subject_echo(subject, seen->first, error) &&
           trial_run(selftest_subject_trial(subject), &seen->trial, error) &&
           selftest_subject_echo(subject, seen->second, error);
}

static bool
judge(const SelftestSubject *subject, const Observations *seen, bool json, GError **error)
{
    SelftestFinding findings[EVENT_MAX] = { 0 };
    g_auto(ClockCheck) clock = { 0 };
    const SelftestReport report = {
        .source = selftest_subject_source(subject),
        .summary = selftest_subject_summary(subject),
        .rules = selftest_rules,
        .n_rules = selftest_rules_length,
        .trial = &seen->trial,
        .findings = findings,
        .clock = &clock,
    };
    bool passed;

    for (size_t i = 0; i < selftest_rules_length; i++)
        selftest_judge(&selftest_rules[i], &seen->trial.facts[i], &findings[i]);
    clock_check(seen->first, seen->second, selftest_subject_tsc(subject), &clock);
    (json ? selftest_report_json : selftest_report_text)(&report, stdout);
    passed = selftest_report_verdict(&report, error);
    for (size_t i = 0; i < selftest_rules_length; i++)
        selftest_finding_clear(&findings[i]);
    return passed;
}

static SelftestSubject *
start(const CommandContext *context, Workbench *bench, Connection *connection, GError **error)
{
    pace_tell("1 of 3: booting a guest");
    return selftest_subject_new(context, bench, connection, error);
}

static bool
end(SelftestSubject *subject, GError **error)
{
    bool ended;

    pace_tell("3 of 3: ending the guest");
    ended = selftest_subject_end(subject, error);
    pace_end();
    return ended;
}

/* The guest is gone before anything is told: an interrupted reader loses no guest. */
static bool
run_selftest(const CommandContext *context, Workbench *bench, Connection *connection, bool json,
             GError **error)
{
    g_autoptr(SelftestSubject) subject = start(context, bench, connection, error);
    g_auto(Observations) seen = { g_array_new(FALSE, FALSE, sizeof(TimeSyncPing)),
                                  g_array_new(FALSE, FALSE, sizeof(TimeSyncPing)) };

    return subject && observe(subject, &seen, error) && end(subject, error) &&
           judge(subject, &seen, json, error);
}

bool
cmd_selftest(const CommandContext *context, int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print one JSON document", NULL },
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) options =
        g_option_context_new("— prove that counters count on both sides, and agree");
    g_auto(Workbench) bench = { 0 };
    g_autoptr(Connection) connection = NULL;

    g_option_context_add_main_entries(options, entries, NULL);
    if (!option_parse(options, &argc, &argv, error))
        return false;
    if (argc > 1)
        return failure_set(error, FAILURE_USAGE, "“%s”: no arguments are wanted", argv[1]);
    if (!context->uri) {
        g_autofree char *uri = connection_default_uri();

        if (!remote_host_refuse(uri, context->words, error))
            return false;
    }
    if (!workbench_open(context, WORKBENCH_CHANGE, &bench, error))
        return false;
    connection = connection_open(context->uri, bench.state, CONNECTION_TIMEOUT_MS,
                                 context->interrupt, error);
    return connection && run_selftest(context, &bench, connection, json, error);
}
