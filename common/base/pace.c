/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/pace.h"

#include <glib.h>
#include <stdbool.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/progress.h"

#define QUIET_NS NS_PER_SECOND /* what is over by then needs no line */
#define EACH_NS (200 * NS_PER_MS)

static struct {
    FILE *out; /* NULL: nothing is shown */
    bool line_open;
    const char *what;
    unsigned done, parts;
    int64_t begin_ns, shown_ns;
} pace;

void
pace_show(FILE *out)
{
    pace_end();
    pace.out = out && isatty(fileno(out)) ? out : NULL;
}

static void
show(const char *what, const char *how_far, int64_t left_ns)
{
    g_autofree char *left = left_ns < 0 ? NULL : progress_duration(left_ns);

    fprintf(pace.out, "\r\033[K%s%s%s%s", what, how_far, left ? ", left: " : "", left ? left : "");
    fflush(pace.out);
    pace.line_open = true;
}

void
pace_begin(const char *what, unsigned parts)
{
    pace.what = what;
    pace.parts = parts;
    pace.done = 0;
    pace.begin_ns = pace.shown_ns = clock_raw_ns();
}

void
pace_step(void)
{
    int64_t now_ns = clock_raw_ns(), so_far_ns = now_ns - pace.begin_ns;
    char how_far[48];

    pace.done++;
    if (!pace.out || so_far_ns < QUIET_NS || now_ns - pace.shown_ns < EACH_NS ||
        pace.done > pace.parts)
        return;
    pace.shown_ns = now_ns;
    g_snprintf(how_far, sizeof how_far, " %u/%u", pace.done, pace.parts);
    show(pace.what, how_far, so_far_ns / pace.done * (pace.parts - pace.done));
}

void
pace_tell(const char *what)
{
    if (pace.out)
        show(what, " …", -1);
}

void
pace_until(const char *what, int64_t end_raw_ns)
{
    int64_t now_ns = clock_raw_ns();

    if (!pace.out || (pace.line_open && now_ns - pace.shown_ns < EACH_NS))
        return;
    pace.shown_ns = now_ns;
    show(what, "", MAX(0, end_raw_ns - now_ns));
}

void
pace_end(void)
{
    if (pace.out && pace.line_open) {
        fputs("\r\033[K", pace.out);
        fflush(pace.out);
    }
    pace.line_open = false;
}
