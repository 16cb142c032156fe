/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/view/explanation.h"

#include <math.h>

#include "common/base/text.h"
#include "hostctl/view/explanation_private.h"

/* A cause below this share of the wait is not worth a word. */
#define WORD_SHARE 0.01
#define WORD_CAUSES 4

static char *
printable(const char *name)
{
    return text_printable(name, 64);
}

const char *
explanation_name(const GuestView *guest)
{
    return guest->title ? guest->title : guest->name;
}

double
explanation_share(const GuestView *guest, const CauseView *cause)
{
    uint64_t sum_ns = 0;

    for (guint i = 0; i < guest->causes->len; i++)
        sum_ns += ((const CauseView *) guest->causes->pdata[i])->wait_ns;
    return sum_ns ? (double) cause->wait_ns / sum_ns : NAN;
}

/* "behind db-1", "by its own quota" */
static char *
phrase(const CauseView *cause)
{
    static const char *const phrases[BLAME_KINDS] = {
        [BLAME_SELF] = "behind its own other threads",
        [BLAME_QUOTA] = "by its own quota",
        [BLAME_WAKEUP] = "for an idle CPU to wake up",
        [BLAME_OTHER] = "for what is not known",
    };
    g_autofree char *name = printable(cause->name);

    return phrases[cause->kind] && !*name ? g_strdup(phrases[cause->kind])
                                          : g_strdup_printf("behind %s", name);
}

/* "; 71 % behind db-1, 20 % behind ksmd, 9 % by its own quota" */
static void
append_causes(GString *text, const GuestView *guest)
{
    double left = 1;

    for (guint i = 0; i < guest->causes->len && i < WORD_CAUSES; i++) {
        const CauseView *cause = guest->causes->pdata[i];
        double share = explanation_share(guest, cause);
        g_autofree char *words = phrase(cause);

        if (!(share >= WORD_SHARE))
            break;
        g_string_append_printf(text, "%s %.0f %% %s", i ? "," : ";", 100 * share, words);
        left -= share;
    }
    if (guest->causes->len > 0 && left >= WORD_SHARE)
        g_string_append_printf(text, ", %.0f %% behind others", 100 * left);
}

static void
append_wait(GString *text, const Explanation *explanation)
{
    const GuestView *guest = explanation->guest;
    g_autofree char *name = printable(explanation_name(guest));
    double wait_ms = guest->wait_ns / 1e6 / explanation->seconds;
    double ratio = guest_view_wait_ratio(guest);

    if (guest->verdict == VERDICT_IDLE)
        g_string_append_printf(text, "%s hardly wants to run: %.1f ms in each second", name,
                               (guest->run_ns + guest->wait_ns) / 1e6 / explanation->seconds);
    else if (ratio < WAIT_RATIO_LOW)
        g_string_append_printf(text,
                               "%s hardly waits for a CPU: %.1f ms in each second, %.1f %% of the"
                               " time in which it wants to run",
                               name, wait_ms, 100 * ratio);
    else
        g_string_append_printf(text,
                               "%s waited %.0f ms in each second, %.0f %% of the time in which it"
                               " wanted to run",
                               name, wait_ms, 100 * ratio);
    if (guest->wait_ns > 0 && ratio >= WAIT_RATIO_LOW)
        append_causes(text, guest);
    if (explanation->baseline_ratio > 0)
        g_string_append_printf(text, "; its branch ratio is %.1f × its baseline",
                               explanation->baseline_ratio);
    g_string_append(text, ".");
}

/* What else may hold it up: named when the CPU is not the reason. */
static void
append_other_reasons(GString *text, const Explanation *explanation)
{
    const GuestView *guest = explanation->guest;

    if (guest->io_stalled_us != ABSENT_U64 && guest->io_stalled_us > 0)
        g_string_append_printf(text, " Its disks held it up for %.0f ms in each second.",
                               guest->io_stalled_us / 1e3 / explanation->seconds);
    if (guest->throttled_ns != ABSENT_U64 && guest->throttled_ns > 0)
        g_string_append_printf(text, " Its CPU quota stopped it for %.0f ms in each second.",
                               guest->throttled_ns / 1e6 / explanation->seconds);
    for (guint i = 0; i < explanation->neighbours->len && i < 3; i++) {
        const NeighbourView *neighbour = explanation->neighbours->pdata[i];
        g_autofree char *name = printable(neighbour->name);

        g_string_append_printf(text, " It shares %s with %s, which ran %.0f %% of the time.",
                               neighbour->shares, name, 100 * neighbour->run_ratio);
    }
    if (guest->has_resctrl)
        g_string_append_printf(text, " It holds %.1f MiB of the last level cache.",
                               guest->resctrl.llc_bytes / 1048576.0);
}

static char *
write_text(const Explanation *explanation)
{
    GString *text = g_string_new(NULL);

    append_wait(text, explanation);
    if (!(guest_view_wait_ratio(explanation->guest) >= WAIT_RATIO_LOW))
        append_other_reasons(text, explanation);
    if (explanation->no_blame && explanation->guest->causes->len == 0)
        g_string_append_printf(text, " Behind whom is not known: %s.", explanation->no_blame);
    return g_string_free(text, FALSE);
}

Explanation *
explanation_new(const Sysroot *root, const NodeView *view, const GuestView *guest, double seconds,
                double baseline_ratio)
{
    Explanation *explanation = g_new0(Explanation, 1);

    explanation->guest = guest;
    explanation->seconds = seconds;
    explanation->baseline_ratio = baseline_ratio;
    if (view && !view->has_blame)
        explanation->no_blame = g_strdup(view->no_blame);
    explanation->neighbours = explanation_neighbours(root, view, guest, seconds);
    explanation->advice = explanation_advice(guest);
    explanation->text = write_text(explanation);
    return explanation;
}

void
explanation_free(Explanation *explanation)
{
    if (!explanation)
        return;

    g_ptr_array_unref(explanation->neighbours);
    g_ptr_array_unref(explanation->advice);
    g_free(explanation->no_blame);
    g_free(explanation->text);
    g_free(explanation);
}

void
explanation_print(const Explanation *explanation, FILE *out)
{
    const GuestView *guest = explanation->guest;

    fprintf(out, "%s\n", explanation->text);
    if (guest->causes->len > 0)
        fprintf(out, "\n%-28s %-7s %10s %8s\n", "waited for", "kind", "ms/s", "share");
    for (guint i = 0; i < guest->causes->len; i++) {
        const CauseView *cause = guest->causes->pdata[i];
        g_autofree char *name = printable(*cause->name ? cause->name : "-");

        fprintf(out, "%-28s %-7s %10.2f %7.1f%%\n", name, blame_kind_name(cause->kind),
                cause->wait_ns / 1e6 / explanation->seconds, 100 * explanation_share(guest, cause));
    }
    for (guint i = 0; i < explanation->advice->len; i++)
        fprintf(out, "%s%s\n", i ? "" : "\nWhat to do:\n",
                (const char *) explanation->advice->pdata[i]);
}
