/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/delay_series.h"

#include <stdbool.h>

#include "common/base/failure.h"
#include "common/base/text.h"

#define HEADING "t_seconds,run_ns,delay_ns"
#define FARTHEST_SECONDS 1e9

static bool
parse_row(const char *line, DelayRow *row)
{
    g_auto(GStrv) fields = g_strsplit(line, ",", 4);

    if (g_strv_length(fields) != 3)
        return false;
    for (int i = 0; i < 3; i++)
        g_strstrip(fields[i]);
    return text_to_double(fields[0], &row->t_seconds, NULL) && row->t_seconds >= 0 &&
           row->t_seconds < FARTHEST_SECONDS && text_to_i64(fields[1], &row->run_ns, NULL) &&
           row->run_ns >= 0 && text_to_i64(fields[2], &row->delay_ns, NULL) && row->delay_ns >= 0;
}

static bool
follows(const GArray *rows, const DelayRow *row)
{
    const DelayRow *last;

    if (rows->len == 0)
        return true;
    last = &g_array_index(rows, DelayRow, rows->len - 1);
    return row->t_seconds > last->t_seconds && row->run_ns >= last->run_ns &&
           row->delay_ns >= last->delay_ns;
}

GArray *
delay_series_load(const char *path, GError **error)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(DelayRow));
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_file_get_contents(path, &text, NULL, error))
        return NULL;
    lines = g_strsplit(text, "\n", -1);
    if (!lines[0] || !g_str_equal(g_strstrip(lines[0]), HEADING)) {
        failure_set(error, FAILURE_FAILED, "%s:1: want the heading “" HEADING "”", path);
        return NULL;
    }
    for (guint i = 1; lines[i]; i++) {
        DelayRow row;

        if (*g_strstrip(lines[i]) == '\0')
            continue;
        if (!parse_row(lines[i], &row)) {
            failure_set(error, FAILURE_FAILED, "%s:%u: not a row of “" HEADING "”", path, i + 1);
            return NULL;
        }
        if (!follows(rows, &row)) {
            failure_set(
                error, FAILURE_FAILED,
                "%s:%u: time must ascend and counts may not drop (they are cumulative, as in "
                "/proc/PID/task/TID/schedstat)",
                path, i + 1);
            return NULL;
        }
        g_array_append_val(rows, row);
    }
    return g_steal_pointer(&rows);
}
