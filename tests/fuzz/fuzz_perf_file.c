/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "common/judge/perf_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *) data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(PerfFile) file = perf_file_parse("perf.csv", text, -1, &error);
    double last = 0;

    g_assert((file == NULL) == (error != NULL));
    for (guint i = 0; file && i < file->windows->len; i++) {
        const PerfWindow *window = &g_array_index(file->windows, PerfWindow, i);

        g_assert(!(window->end_seconds < last));
        last = window->end_seconds;
        for (guint e = 0; e < file->events->len; e++) {
            g_assert((window->state[e] == PERF_COUNTED) == !isnan(window->value[e]));
            g_assert(window->running_percent[e] > 0 && window->running_percent[e] <= 100);
        }
    }
    return 0;
}
