/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * correlate's map from a guest's clock to the host's, for whoever wants to check it. Reads lines
 * "t1 t2 t3 t4" (pings), then lines "t" (guest times); prints the host's time of each.
 */
#include <inttypes.h>
#include <stdio.h>

#include "common/base/text.h"
#include "correlate/align/clock_fit.h"

static int64_t
map(const GArray *segments, int64_t guest_ns)
{
    const ClockSegment *segment = &g_array_index(segments, ClockSegment, 0);

    for (guint i = 1; i < segments->len; i++)
        if (g_array_index(segments, ClockSegment, i).first_guest_ns <= guest_ns)
            segment = &g_array_index(segments, ClockSegment, i);
    return segment->host0_ns +
           (int64_t) ((double) (guest_ns - segment->guest0_ns) * (1 + segment->drift_ppm * 1e-6));
}

/* The numbers of a line, at most `n`; how many there were, 0 for a line that holds anything else.
 */
static int
parse_line(char *line, int64_t *ret_numbers, int n)
{
    g_auto(GStrv) words = g_strsplit(g_strstrip(line), " ", n + 1);
    int found = 0;

    for (; words[found] && found < n; found++)
        if (!text_to_i64(words[found], &ret_numbers[found], NULL))
            return 0;
    return words[found] ? 0 : found;
}

int
main(void)
{
    g_autoptr(ClockFit) fit = clock_fit_new();
    char line[256];
    bool drawn = false;

    while (fgets(line, sizeof line, stdin)) {
        int64_t t[4];
        int found = parse_line(line, t, 4);

        if (found == 4) {
            clock_fit_add(fit, &(ClockPing){ t[0], t[1], t[2], t[3] });
            continue;
        }
        if (found != 1)
            return 2;
        drawn = drawn || clock_fit_finish(fit);
        if (!drawn)
            return 1;
        printf("%" PRId64 "\n", map(clock_fit_segments(fit), t[0]));
    }
    return 0;
}
