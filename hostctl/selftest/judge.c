/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/selftest/judge.h"

#include <math.h>

#include "common/wire/message.h"

/* The guest leaves its own kernel's way in and out of a window to the host; never the reverse. */
#define AGREE_LOW 0.97
#define AGREE_HIGH 1.01

/*
 * The loop is known; what the guest's kernel does beside it comes on top, so the bands reach up.
 * A coin's branch is missed every other time; a predictor that also misses the branch behind it
 * misses twice as many.
 */
const SelftestRule selftest_rules[] = {
    { "cycles", false, NAN, NAN, NAN, AGREE_LOW, AGREE_HIGH, 2 },
    { "instructions", false, WIRE_LOOP_INSTRUCTIONS, 0.995, 1.03, AGREE_LOW, AGREE_HIGH, 2 },
    { "branches", false, WIRE_LOOP_BRANCHES, 0.995, 1.05, AGREE_LOW, AGREE_HIGH, 2 },
    { "branch-misses", false, 0.5, 0.5, 2.2, 0.9, 1.1, 10 },
    { "cache-misses", true, NAN, NAN, NAN, 0.8, 1.2, NAN },
};
const size_t selftest_rules_length = G_N_ELEMENTS(selftest_rules);

const char *
selftest_verdict_name(SelftestVerdict verdict)
{
    static const char *const names[] = {
        [SELFTEST_OK] = "ok",
        [SELFTEST_MEDIATED] = "mediated",
        [SELFTEST_STARVED] = "starved",
        [SELFTEST_MULTIPLEXED] = "multiplexed",
        [SELFTEST_ZERO] = "zero-but-supported",
        [SELFTEST_DISAGREES] = "disagrees",
        [SELFTEST_UNSUPPORTED] = "unsupported",
    };

    return names[verdict];
}

bool
selftest_verdict_passes(SelftestVerdict verdict)
{
    return verdict == SELFTEST_OK || verdict == SELFTEST_MEDIATED;
}

static bool
counted(const SelftestCount *count)
{
    return (count->verdict == WINDOW_OK || count->verdict == WINDOW_SCALED) && count->count > 0;
}

static double
ratio(const SelftestCount *above, const SelftestCount *below)
{
    return counted(above) && counted(below) ? above->count / below->count : NAN;
}

static void
compute(const SelftestRule *rule, const SelftestFacts *facts, SelftestFinding *finding)
{
    const SelftestCount known = { WINDOW_OK, rule->known_per_round * facts->rounds };

    finding->known_ratio = ratio(&facts->with, &known);
    finding->agreement_ratio = ratio(&facts->with, &facts->host);
    finding->begins_percent = 100 * (ratio(&facts->with, &facts->alone) - 1);
    finding->ends_percent = 100 * (ratio(&facts->after, &facts->with) - 1);
}

static void find(SelftestFinding *finding, SelftestVerdict verdict, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* The first thing found is the one that is told. */
static void
find(SelftestFinding *finding, SelftestVerdict verdict, const char *format, ...)
{
    va_list args;

    if (finding->reason)
        return;
    va_start(args, format);
    finding->verdict = verdict;
    finding->reason = g_strdup_vprintf(format, args);
    va_end(args);
}

/*
 * Under the vPMU a starved guest counter stands still while the guest believes it runs. Where it
 * counted before the host did, the host's counting starved it.
 */
static void
look_for_starvation(const char *event, const SelftestFacts *facts, SelftestFinding *finding)
{
    if (facts->host.verdict == WINDOW_STARVED)
        find(finding, SELFTEST_STARVED,
             "%s: the host's counter was opened and never got a counter of the CPU; end other "
             "users of the PMU, switch the NMI watchdog off",
             event);
    if (facts->alone.verdict == WINDOW_STARVED || facts->with.verdict == WINDOW_STARVED)
        find(finding, SELFTEST_STARVED, "%s: the guest's own counter never ran", event);
    if (counted(&facts->alone) && !counted(&facts->with))
        find(finding, SELFTEST_STARVED,
             "%s: the guest's counter stands still while the host counts it, and the guest is not "
             "told",
             event);
    if (!counted(&facts->alone) && (counted(&facts->with) || counted(&facts->after)))
        find(finding, SELFTEST_STARVED, "%s: the guest's counter stood still at first", event);
    if (counted(&facts->with) && !counted(&facts->after))
        find(finding, SELFTEST_STARVED,
             "%s: the guest's counter stands still since the host stopped counting", event);
}

static void
look_for_zero(const char *event, const SelftestFacts *facts, SelftestFinding *finding)
{
    if (!counted(&facts->with))
        find(finding, SELFTEST_ZERO,
             "%s: the guest can open it, and counts nothing although its loop does much of it",
             event);
    if (!facts->mediated && !counted(&facts->host))
        find(finding, SELFTEST_ZERO,
             "%s: the host can open it for guest mode, and counts nothing while the guest counts",
             event);
}

static void
look_for_sharing(const char *event, const SelftestFacts *facts, SelftestFinding *finding)
{
    if (facts->host.verdict == WINDOW_SCALED)
        find(finding, SELFTEST_MULTIPLEXED, "%s: the host counted part of the time only", event);
    if (facts->with.verdict == WINDOW_SCALED || facts->alone.verdict == WINDOW_SCALED)
        find(finding, SELFTEST_MULTIPLEXED, "%s: the guest counted part of the time only", event);
}

/* Comparisons with NAN are false: what does not apply is not judged. */
static void
compare(const SelftestRule *rule, const SelftestFacts *facts, SelftestFinding *finding)
{
    double low = facts->one_page ? AGREE_LOW : rule->agree_low;
    double high = facts->one_page ? AGREE_HIGH : rule->agree_high;

    if (finding->agreement_ratio < low || finding->agreement_ratio > high)
        find(finding, SELFTEST_DISAGREES,
             "%s: the guest counts %.4f of what the host counts of it (want %g to %g)", rule->event,
             finding->agreement_ratio, low, high);
    if (finding->known_ratio < rule->known_low || finding->known_ratio > rule->known_high)
        find(finding, SELFTEST_DISAGREES,
             "%s: the guest counts %.4f of what its loop is known to do (want %g to %g)",
             rule->event, finding->known_ratio, rule->known_low, rule->known_high);
    if (fabs(finding->begins_percent) > rule->change_percent)
        find(finding, SELFTEST_DISAGREES,
             "%s: the guest counts %+.1f %% for the same loop since the host counts (at most "
             "±%g %%)",
             rule->event, finding->begins_percent, rule->change_percent);
    if (fabs(finding->ends_percent) > rule->change_percent)
        find(finding, SELFTEST_DISAGREES,
             "%s: the guest counts %+.1f %% for the same loop since the host stopped (at most "
             "±%g %%)",
             rule->event, finding->ends_percent, rule->change_percent);
}

void
selftest_judge(const SelftestRule *rule, const SelftestFacts *facts, SelftestFinding *ret_finding)
{
    SelftestFinding finding = { .verdict = SELFTEST_OK };

    compute(rule, facts, &finding);
    if (facts->guest_errno || facts->host_errno)
        find(&finding, SELFTEST_UNSUPPORTED, "%s: %s cannot count it: %s", rule->event,
             facts->guest_errno ? "the guest" : "the host",
             facts->problem ? facts->problem : "no reason is given");
    look_for_starvation(rule->event, facts, &finding);
    look_for_zero(rule->event, facts, &finding);
    look_for_sharing(rule->event, facts, &finding);
    compare(rule, facts, &finding);
    if (facts->mediated)
        find(&finding, SELFTEST_MEDIATED,
             "%s: the guest has its counters to itself (mediated vPMU), and counts its loop right; "
             "the host may count host mode only",
             rule->event);
    *ret_finding = finding;
}

void
selftest_finding_clear(SelftestFinding *finding)
{
    g_clear_pointer(&finding->reason, g_free);
}
