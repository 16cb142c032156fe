/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The modelled silicon by itself: model_steps N runs N blocks and as many loads through it, the
 * same ones each time. */
#include <stdio.h>
#include <stdlib.h>

#include "common/base/text.h"
#include "emupmu/model.h"

#define BLOCKS 512
#define LLC_KIB 1024

static uint32_t
next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

int
main(int argc, char **argv)
{
    uint64_t steps = 0;
    ModelHost *host = calloc(1, sizeof *host);
    ModelContext *context = calloc(1, sizeof *context);
    ModelBlock blocks[BLOCKS];
    uint32_t state = 1, other_kib;
    EmupmuTuple counts;

    if (argc != 2 || !text_to_u64(argv[1], &steps, NULL) || steps < 1 || !host || !context ||
        !model_host_join(host, LLC_KIB, &other_kib))
        return 2;
    model_context_init(context, host, LLC_KIB, 1, 0);
    model_run_on(context, 0);
    for (unsigned i = 0; i < BLOCKS; i++)
        blocks[i] = (ModelBlock){ .address = 0x1000 + 32 * i,
                                  .next = 0x1000 + 32 * i + 32,
                                  .offset = 64,
                                  .site = model_site(0x1000 + 32 * i + 28),
                                  .weight = model_weight(8, MODEL_CONDITIONAL),
                                  .kind = MODEL_CONDITIONAL };
    for (uint64_t i = 0; i < steps; i++) {
        model_block(context, &blocks[next_random(&state) % BLOCKS]);
        model_cache_access(context, next_random(&state) % (4u << 20));
        if (model_pending_instructions(context) > MODEL_PENDING_MAX / 2)
            counts = model_counts(context);
    }
    counts = model_counts(context);
    printf("%llu\n", (unsigned long long) counts.instructions);
    free(context);
    free(host);
    return 0;
}
