/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/align/window.h"

const char *
verdict_name(Verdict verdict)
{
    static const char *const names[VERDICTS] = { "ok", "scaled", "starved", "invalid" };

    return names[verdict];
}

static const struct {
    const char *name, *meaning;
} reasons[EXCLUDED_REASONS] = {
    [EXCLUDED_SETTLING] = { "settling", "the load was on, but the visit still settled" },
    [EXCLUDED_LOAD_START] = { "load_start", "within the first seconds of a load" },
    [EXCLUDED_PARTIAL] = { "partial", "one of the views does not cover the whole window" },
    [EXCLUDED_LOST] = { "lost", "a sample is missing in it" },
    [EXCLUDED_RESTART] = { "restart", "a counter dropped: the guest or its counters started anew" },
    [EXCLUDED_NO_CLOCK] = { "no_clock", "the guest's time could not be mapped to the host's" },
    [EXCLUDED_STARVED] = { "starved", "no counter of the guest counted" },
    [EXCLUDED_FOREIGN] = { "foreign_guests", "guests that are not part of the run used the host" },
    [EXCLUDED_UNFINISHED] = { "unfinished", "the visit failed or was interrupted" },
    [EXCLUDED_HOST_TURN] = { "host_turn", "the host's turn to count: the guest did not, by the "
                                          "counter layout" },
};

const char *
excluded_name(ExcludedReason reason)
{
    return reasons[reason].name;
}

const char *
excluded_meaning(ExcludedReason reason)
{
    return reasons[reason].meaning;
}
