/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/exporter/culprits.h"

#include <math.h>

#include "common/base/text.h"
#include "hostctl/exporter/ledger.h"

/* What lately means: waiting that is this old counts half. */
#define HALF_LIFE_SECONDS 600.0
/* One that has no name takes the place of another when it is so much larger. */
#define TAKE_OVER 2.0
/* Of those that lost their place this many are remembered, so that they go on from their sum. */
#define REMEMBERED 4

typedef struct {
    BlameKind kind;
    char *name;
    uint64_t wait_ns; /* counted under its name */
    uint64_t now_ns;  /* in the interval that is taken */
    double recent_ns;
    bool named;
} Culprit;

struct Culprits {
    unsigned max_named, n_named;
    GPtrArray *all; /* Culprit */
    uint64_t rest_ns[BLAME_KINDS];
};

static void
culprit_free(void *data)
{
    Culprit *culprit = data;

    g_free(culprit->name);
    g_free(culprit);
}

Culprits *
culprits_new(unsigned max_named)
{
    Culprits *culprits = g_new0(Culprits, 1);

    culprits->max_named = max_named;
    culprits->all = g_ptr_array_new_with_free_func(culprit_free);
    return culprits;
}

void
culprits_free(Culprits *culprits)
{
    if (!culprits)
        return;

    g_ptr_array_unref(culprits->all);
    g_free(culprits);
}

static bool
has_names(BlameKind kind)
{
    return kind == BLAME_GUEST || kind == BLAME_HOST;
}

static Culprit *
find(Culprits *culprits, BlameKind kind, const char *name)
{
    Culprit *culprit;

    for (guint i = 0; i < culprits->all->len; i++) {
        culprit = culprits->all->pdata[i];
        if (culprit->kind == kind && g_str_equal(culprit->name, name))
            return culprit;
    }
    culprit = g_new0(Culprit, 1);
    culprit->kind = kind;
    culprit->name = g_strdup(name);
    g_ptr_array_add(culprits->all, culprit);
    return culprit;
}

/* The least of those with a name, or of those without one. */
static Culprit *
least(const Culprits *culprits, bool named)
{
    Culprit *found = NULL;

    for (guint i = 0; i < culprits->all->len; i++) {
        Culprit *culprit = culprits->all->pdata[i];

        if (culprit->named == named && (!found || culprit->recent_ns < found->recent_ns))
            found = culprit;
    }
    return found;
}

static Culprit *
largest_unnamed(const Culprits *culprits)
{
    Culprit *found = NULL;

    for (guint i = 0; i < culprits->all->len; i++) {
        Culprit *culprit = culprits->all->pdata[i];

        if (!culprit->named && (!found || culprit->recent_ns > found->recent_ns))
            found = culprit;
    }
    return found;
}

/* Gives places to those that waited for most. */
static void
give_places(Culprits *culprits)
{
    Culprit *rising;

    while ((rising = largest_unnamed(culprits)) && rising->recent_ns > 0) {
        Culprit *falling = NULL;

        if (culprits->n_named == culprits->max_named) {
            falling = least(culprits, true);
            if (!falling || rising->recent_ns < TAKE_OVER * falling->recent_ns)
                break;
            falling->named = false;
            culprits->n_named--;
        }
        rising->named = true;
        culprits->n_named++;
    }
}

/* Adds the interval to the sums and forgets those that no longer matter. */
static void
settle(Culprits *culprits)
{
    for (guint i = 0; i < culprits->all->len; i++) {
        Culprit *culprit = culprits->all->pdata[i];

        if (culprit->named)
            culprit->wait_ns += culprit->now_ns;
        else
            culprits->rest_ns[culprit->kind] += culprit->now_ns;
        culprit->now_ns = 0;
    }
    while (culprits->all->len > culprits->n_named + REMEMBERED * culprits->max_named)
        g_ptr_array_remove_fast(culprits->all, least(culprits, false));
}

void
culprits_take(Culprits *culprits, const GPtrArray *causes, double seconds)
{
    double decay = pow(0.5, seconds / HALF_LIFE_SECONDS);

    for (guint i = 0; i < culprits->all->len; i++)
        ((Culprit *) culprits->all->pdata[i])->recent_ns *= decay;
    for (guint i = 0; i < causes->len; i++) {
        const CauseView *cause = causes->pdata[i];
        g_autofree char *name = text_printable(cause->name, LEDGER_NAME_BYTES);
        Culprit *culprit;

        /* A guest of that very name shares the series of the rest. */
        if (!has_names(cause->kind) || g_str_equal(name, CULPRIT_REST)) {
            culprits->rest_ns[cause->kind] += cause->wait_ns;
            continue;
        }
        culprit = find(culprits, cause->kind, name);
        culprit->now_ns += cause->wait_ns;
        culprit->recent_ns += cause->wait_ns;
    }
    give_places(culprits);
    settle(culprits);
}

GArray *
culprits_list(const Culprits *culprits)
{
    GArray *sums = g_array_new(FALSE, FALSE, sizeof(CulpritSum));

    for (BlameKind kind = 0; kind < BLAME_KINDS; kind++) {
        CulpritSum sum = { kind, has_names(kind) ? CULPRIT_REST : "", culprits->rest_ns[kind] };

        g_array_append_val(sums, sum);
    }
    for (guint i = 0; i < culprits->all->len; i++) {
        const Culprit *culprit = culprits->all->pdata[i];
        CulpritSum sum = { culprit->kind, culprit->name, culprit->wait_ns };

        if (culprit->named)
            g_array_append_val(sums, sum);
    }
    return sums;
}
