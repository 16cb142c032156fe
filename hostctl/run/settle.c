/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/settle.h"

#include <math.h>

#include "common/base/fault.h"
#include "hostctl/run/balloon_auto.h"

#define FLAT_SHARE 0.03
#define LOOK_EVERY_NS NS_PER_SECOND
#define PATIENCE_NS (10 * NS_PER_SECOND)

typedef struct {
    uint64_t run_ns, delay_ns;
} Total;

static double
share_between(const Total *before, const Total *after)
{
    double run_ns = (double) (after->run_ns - before->run_ns);
    double delay_ns = (double) (after->delay_ns - before->delay_ns);

    return run_ns + delay_ns > 0 ? delay_ns / (run_ns + delay_ns) : 0;
}

/* The balloons go on meanwhile. */
static bool
wait_until(Lab *lab, Fleet *fleet, int64_t visit_id, int64_t until_ns, GError **error)
{
    int64_t next_ns = clock_raw_ns();

    do {
        next_ns = MIN(until_ns, next_ns + LOOK_EVERY_NS);
        if (!interrupt_sleep_until(lab->interrupt, next_ns, error) ||
            !balloon_auto_step(lab, fleet, visit_id, error))
            return false;
    } while (next_ns < until_ns);
    return true;
}

bool
settle(Lab *lab, Fleet *fleet, Sampler *sampler, const VisitRow *visit, bool *ret_settled,
       GError **error)
{
    int64_t least_ns = (int64_t) (lab->plan->settle_seconds * NS_PER_SECOND);
    int64_t earliest_ns = visit->load_raw_ns + least_ns;
    int64_t latest_ns = earliest_ns + least_ns + PATIENCE_NS;
    int64_t look_ns = MAX(clock_raw_ns(), earliest_ns - 2 * LOOK_EVERY_NS);
    double share = NAN;
    Total before, after;

    if (!wait_until(lab, fleet, visit->id, look_ns, error) ||
        !sampler_delay(sampler, &before.run_ns, &before.delay_ns, error))
        return false;

    *ret_settled = false;
    while (!*ret_settled && look_ns < latest_ns) {
        double last_share = share;

        look_ns += LOOK_EVERY_NS;
        fault_point("visit.settle");
        if (!wait_until(lab, fleet, visit->id, look_ns, error) ||
            !sampler_delay(sampler, &after.run_ns, &after.delay_ns, error))
            return false;
        share = share_between(&before, &after);
        before = after;
        *ret_settled = look_ns >= earliest_ns && fabs(share - last_share) < FLAT_SHARE;
    }
    return true;
}
