/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/ksm_settle.h"

#include "common/base/clock.h"

#define LOOK_NS (100 * NS_PER_MS)
#define FLAT_PERCENT 2
#define FLAT_PAGES 64

void
ksm_plateau_begin(KsmPlateau *plateau, const KsmStats *stats)
{
    *plateau = (KsmPlateau){ .first_scans = stats->full_scans,
                             .last_scans = stats->full_scans,
                             .sharing = ABSENT_U64 };
}

static bool
is_flat(uint64_t before, uint64_t after)
{
    uint64_t difference = MAX(before, after) - MIN(before, after);

    return difference <= FLAT_PAGES || difference * 100 < after * FLAT_PERCENT;
}

/* A scan that began before the guests were there may have been the first: it only counts as one. */
bool
ksm_plateau_reached(KsmPlateau *plateau, const KsmStats *stats, uint64_t scans)
{
    if (stats->full_scans > plateau->last_scans) {
        plateau->flat =
            plateau->sharing != ABSENT_U64 && is_flat(plateau->sharing, stats->pages_sharing);
        plateau->sharing = stats->pages_sharing;
        plateau->last_scans = stats->full_scans;
    }
    return plateau->flat && stats->full_scans - plateau->first_scans >= scans;
}

bool
ksm_settle(const Sysroot *root, uint64_t scans, int64_t timeout_ns, const Interrupt *interrupt,
           KsmSettled *ret_settled, GError **error)
{
    int64_t begin_ns = clock_raw_ns();
    KsmSettled settled = { 0 };
    KsmPlateau plateau;
    KsmStats stats;

    if (!ksm_read(root, &stats, error))
        return false;
    settled.ran = stats.run == 1;
    ksm_plateau_begin(&plateau, &stats);
    while (settled.ran && scans > 0 && !settled.settled && clock_raw_ns() - begin_ns < timeout_ns) {
        if (!interrupt_sleep(interrupt, LOOK_NS, error) || !ksm_read(root, &stats, error))
            return false;
        settled.settled = ksm_plateau_reached(&plateau, &stats, scans);
    }
    settled.scans = stats.full_scans - plateau.first_scans;
    settled.pages_sharing = stats.pages_sharing;
    settled.waited_ns = clock_raw_ns() - begin_ns;
    *ret_settled = settled;
    return true;
}
