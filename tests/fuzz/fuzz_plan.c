/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *) data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = plan_parse("plan.json", text, &error);

    g_assert((plan == NULL) == (error != NULL));
    if (plan)
        g_assert(plan_least_memory_kib(plan) > 0);
    return 0;
}
