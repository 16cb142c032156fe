/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * correlate's map from a guest's clock to the host's, for whoever wants to check it. Reads lines
 * "t1 t2 t3 t4" (pings), then lines "t" (guest times); prints the host's time of each.
 */
#include <inttypes.h>
#include <stdio.h>

#include "correlate/align/clock_fit.h"

static int64_t
map(const GArray *segments, int64_t guest_ns)
{
    const ClockSegment *segment = &g_array_index(segments, ClockSegment, 0);

    for (guint i = 1; i < segments->len; i++)
        if (g_array_index(segments, ClockSegment, i).first_guest_ns <= guest_ns)
            segment = &g_array_index(segments, ClockSegment, i);
    return segment->host0_ns + (int64_t) ((double) (guest_ns - segment->guest0_ns) *
                                          (1 + segment->drift_ppm * 1e-6));
}

int
main(void)
{
    g_autoptr(ClockFit) fit = clock_fit_new();
    ClockPing ping;
    int64_t guest_ns;
    char line[256];
    bool drawn = false;

    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "%" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64, &ping.t1_ns, &ping.t2_ns,
                   &ping.t3_ns, &ping.t4_ns) == 4) {
            clock_fit_add(fit, &ping);
            continue;
        }
        if (sscanf(line, "%" SCNd64, &guest_ns) != 1)
            return 2;
        drawn = drawn || clock_fit_finish(fit);
        if (!drawn)
            return 1;
        printf("%" PRId64 "\n", map(clock_fit_segments(fit), guest_ns));
    }
    return 0;
}
