/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/selftest/judge.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/base/event.h"
#include "common/wire/message.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/near.h"

#define ROUNDS 1000000u
#define KNOWN ((double) ROUNDS * WIRE_LOOP_INSTRUCTIONS)

static const SelftestRule *
rule_of(const char *event)
{
    for (size_t i = 0; i < selftest_rules_length; i++)
        if (strcmp(selftest_rules[i].event, event) == 0)
            return &selftest_rules[i];
    fail_msg("no rule for %s", event);
    return NULL;
}

static SelftestCount
counts(double count)
{
    return (SelftestCount){ WINDOW_OK, count };
}

/* A guest and a host that both count the loop, with the guest's own work on top. */
static SelftestFacts
healthy(double count)
{
    return (SelftestFacts){
        .rounds = ROUNDS,
        .alone = counts(count),
        .with = counts(count),
        .after = counts(count),
        .host = counts(count * 1.001),
    };
}

static void
assert_judged(const char *event, const SelftestFacts *facts, SelftestVerdict verdict,
              const char *mentions)
{
    SelftestFinding finding;

    selftest_judge(rule_of(event), facts, &finding);
    assert_string_equal(selftest_verdict_name(finding.verdict), selftest_verdict_name(verdict));
    if (mentions) {
        assert_non_null(finding.reason);
        assert_non_null(strstr(finding.reason, event));
        assert_non_null(strstr(finding.reason, mentions));
    } else {
        assert_null(finding.reason);
    }
    selftest_finding_clear(&finding);
}

static void
believes_two_views_that_agree(void **state)
{
    SelftestFacts facts = healthy(KNOWN);
    SelftestFinding finding;

    selftest_judge(rule_of("instructions"), &facts, &finding);
    assert_int_equal(finding.verdict, SELFTEST_OK);
    assert_true(selftest_verdict_passes(finding.verdict));
    assert_near(finding.known_ratio, 1, 1e-9);
    assert_near(finding.agreement_ratio, 1 / 1.001, 1e-9);
    assert_near(finding.begins_percent, 0, 1e-9);
    assert_near(finding.ends_percent, 0, 1e-9);
    selftest_finding_clear(&finding);
}

static void
has_a_rule_for_each_event_that_is_told_apart(void **state)
{
    assert_true(selftest_rules_length <= EVENT_MAX);
    for (size_t i = 0; i < selftest_rules_length; i++)
        assert_non_null(event_find(selftest_rules[i].event));
    assert_string_equal(selftest_rules[0].event, "cycles");
}

static void
finds_five_percent_that_a_reader_loses_whatever_the_event(void **state)
{
    for (size_t i = 0; i < selftest_rules_length; i++) {
        SelftestFacts facts = healthy(KNOWN * 0.95);

        facts.one_page = true;
        facts.host = counts(KNOWN);
        assert_judged(selftest_rules[i].event, &facts, SELFTEST_DISAGREES, "0.95");
    }
}

static void
keeps_the_bounds_of_agreement(void **state)
{
    static const struct {
        double ratio;
        SelftestVerdict verdict;
    } cases[] = { { 0.969, SELFTEST_DISAGREES },
                  { 0.971, SELFTEST_OK },
                  { 1.009, SELFTEST_OK },
                  { 1.011, SELFTEST_DISAGREES } };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        SelftestFacts facts = healthy(KNOWN);

        facts.host = counts(KNOWN / cases[i].ratio);
        assert_judged("cycles", &facts, cases[i].verdict,
                      cases[i].verdict == SELFTEST_OK ? NULL : "of what the host counts");
    }
}

static void
compares_with_what_the_loop_is_known_to_do(void **state)
{
    SelftestFacts few = healthy(KNOWN * 0.9), many = healthy(KNOWN * 1.1);

    assert_judged("instructions", &few, SELFTEST_DISAGREES, "0.9000 of what its loop");
    assert_judged("instructions", &many, SELFTEST_DISAGREES, "1.1000 of what its loop");
}

static void
notices_that_host_counting_changes_the_guests(void **state)
{
    SelftestFacts begins = healthy(KNOWN), ends = healthy(KNOWN);

    begins.alone = counts(KNOWN * 1.03);
    ends.after = counts(KNOWN * 1.03);
    assert_judged("cycles", &begins, SELFTEST_DISAGREES, "since the host counts");
    assert_judged("cycles", &ends, SELFTEST_DISAGREES, "since the host stopped");
}

static void
tells_starvation_from_nothing_to_count(void **state)
{
    SelftestFacts facts = healthy(KNOWN);

    facts.with = facts.after = counts(0);
    assert_judged("cycles", &facts, SELFTEST_STARVED, "stands still while the host counts");
    facts.alone = counts(0);
    assert_judged("cycles", &facts, SELFTEST_ZERO, "the guest can open it");
    facts = healthy(KNOWN);
    facts.after = counts(0);
    assert_judged("cycles", &facts, SELFTEST_STARVED, "since the host stopped");
    facts = healthy(KNOWN);
    facts.host = (SelftestCount){ WINDOW_STARVED, NAN };
    assert_judged("cycles", &facts, SELFTEST_STARVED, "never got a counter");
    facts.host = counts(0);
    assert_judged("cycles", &facts, SELFTEST_ZERO, "the host can open it");
}

static void
says_which_side_took_turns(void **state)
{
    SelftestFacts host = healthy(KNOWN), guest = healthy(KNOWN);

    host.host.verdict = WINDOW_SCALED;
    guest.with.verdict = WINDOW_SCALED;
    assert_judged("branches", &host, SELFTEST_MULTIPLEXED, "the host counted part");
    assert_judged("branches", &guest, SELFTEST_MULTIPLEXED, "the guest counted part");
}

static void
accepts_a_mediated_guest_that_counts_its_loop_right(void **state)
{
    SelftestFacts facts = healthy(KNOWN);
    SelftestFinding finding;

    facts.mediated = true;
    facts.host = (SelftestCount){ WINDOW_INVALID, NAN };
    assert_judged("instructions", &facts, SELFTEST_MEDIATED, "host mode only");
    assert_true(selftest_verdict_passes(SELFTEST_MEDIATED));
    facts.with = counts(KNOWN / 2);
    selftest_judge(rule_of("instructions"), &facts, &finding);
    assert_int_equal(finding.verdict, SELFTEST_DISAGREES);
    selftest_finding_clear(&finding);
}

static void
repeats_why_an_event_cannot_be_counted(void **state)
{
    SelftestFacts facts = healthy(KNOWN);

    facts.guest_errno = ENOENT;
    assert_judged("cache-misses", &facts, SELFTEST_UNSUPPORTED, "the guest cannot");
    facts.guest_errno = 0;
    facts.host_errno = EACCES;
    facts.problem = (char *) "not permitted";
    assert_judged("cache-misses", &facts, SELFTEST_UNSUPPORTED, "not permitted");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(believes_two_views_that_agree),
        cmocka_unit_test(has_a_rule_for_each_event_that_is_told_apart),
        cmocka_unit_test(finds_five_percent_that_a_reader_loses_whatever_the_event),
        cmocka_unit_test(keeps_the_bounds_of_agreement),
        cmocka_unit_test(compares_with_what_the_loop_is_known_to_do),
        cmocka_unit_test(notices_that_host_counting_changes_the_guests),
        cmocka_unit_test(tells_starvation_from_nothing_to_count),
        cmocka_unit_test(says_which_side_took_turns),
        cmocka_unit_test(accepts_a_mediated_guest_that_counts_its_loop_right),
        cmocka_unit_test(repeats_why_an_event_cannot_be_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
