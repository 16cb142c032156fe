/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One interval of one vCPU with both views on the host's clock, and why an interval is no evidence.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/event.h"
#include "common/estimate/guest_view.h"

/* How far a count can be trusted; worse ones are larger. */
typedef enum {
    VERDICT_OK,
    VERDICT_SCALED,  /* multiplexed: counted for a part of the window and scaled up */
    VERDICT_STARVED, /* enabled, but never counted; a silent zero */
    VERDICT_INVALID, /* not recorded, or impossible */
} Verdict;
#define VERDICTS 4
const char *verdict_name(Verdict verdict);

typedef struct {
    int64_t start_ns, end_ns; /* host raw clock */
    double t_seconds;         /* of its start, since the visit's measuring began */
    GuestView guest;
    double guest_count[EVENT_MAX], host_count[EVENT_MAX]; /* the dataset's events in order; NAN */
    Verdict verdict[EVENT_MAX];                           /* the worse of the two sides */
    double run_ns, delay_ns;                              /* of the vCPU's thread; NAN */
    bool by_turns; /* the guest counts by turns: an event without its turn has no count */
    bool compared; /* both sides counted the same phase in all of it */
} Window;

typedef enum {
    EXCLUDED_SETTLING,   /* a load ran, but measuring had not begun: a transition */
    EXCLUDED_LOAD_START, /* measured within the first seconds of a load */
    EXCLUDED_PARTIAL,    /* one of the views does not cover it */
    EXCLUDED_LOST,       /* a sample is missing */
    EXCLUDED_RESTART,    /* a counter dropped */
    EXCLUDED_NO_CLOCK,   /* the guest's time cannot be mapped to the host's */
    EXCLUDED_STARVED,    /* no counter of the guest counted */
    EXCLUDED_FOREIGN,    /* foreign guests used the host */
    EXCLUDED_UNFINISHED, /* the visit failed or was interrupted */
    EXCLUDED_HOST_TURN,  /* the guest left its counters to the host, as the layout says */
} ExcludedReason;
#define EXCLUDED_REASONS 10
const char *excluded_name(ExcludedReason reason);    /* stable: "load_start" */
const char *excluded_meaning(ExcludedReason reason); /* for people */
