/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/progress.h"

#include <unistd.h>

#include "common/base/clock.h"

struct Progress {
    FILE *out;
    bool terminal;
    bool line_open;
    ProgressWatch watch;
    void *watch_data;
};

Progress *
progress_new(FILE *out)
{
    Progress *progress = g_new0(Progress, 1);

    progress->out = out;
    progress->terminal = out && isatty(fileno(out));
    return progress;
}

void
progress_free(Progress *progress)
{
    if (!progress)
        return;

    progress_end(progress);
    g_free(progress);
}

void
progress_watch(Progress *progress, ProgressWatch watch, void *data)
{
    progress->watch = watch;
    progress->watch_data = data;
}

void
progress_end(Progress *progress)
{
    if (progress->line_open)
        fputc('\n', progress->out);
    progress->line_open = false;
}

char *
progress_duration(int64_t ns)
{
    int64_t seconds = (ns + NS_PER_SECOND / 2) / NS_PER_SECOND;

    if (seconds < 60)
        return g_strdup_printf("%" G_GINT64_FORMAT " s", seconds);
    if (seconds < 3600)
        return g_strdup_printf("%" G_GINT64_FORMAT " min %02" G_GINT64_FORMAT " s", seconds / 60,
                               seconds % 60);
    return g_strdup_printf("%" G_GINT64_FORMAT " h %02" G_GINT64_FORMAT " min", seconds / 3600,
                           seconds / 60 % 60);
}

void
progress_say(Progress *progress, unsigned done, unsigned total, int64_t left_ns, const char *format,
             ...)
{
    g_autofree char *what = NULL;
    g_autofree char *left = left_ns < 0 ? NULL : progress_duration(left_ns);
    va_list args;

    if (!progress->out && !progress->watch)
        return;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    if (progress->watch)
        progress->watch(done, total, left_ns, what, progress->watch_data);
    if (!progress->out)
        return;
    fprintf(progress->out, progress->terminal ? "\r\033[K[%u/%u] %s%s%s" : "[%u/%u] %s%s%s\n", done,
            total, what, left ? ", left: " : "", left ? left : "");
    progress->line_open = progress->terminal;
    fflush(progress->out);
}
