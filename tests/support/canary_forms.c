/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sings in one form after another inside a guest and prints what it heard, a line each:
 * canary_forms SECONDS WORDS/TRAININGS/GAP_US/PERIOD_MS...
 * "-" stands for guestprobe's own form.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "guestprobe/canary.h"
#include "guestprobe/guest_facts.h"

static bool
parse_form(const char *text, CanaryForm *ret_form)
{
    *ret_form = canary_form;
    return g_str_equal(text, "-") ||
           sscanf(text, "%u/%u/%u/%u", &ret_form->words, &ret_form->trainings, &ret_form->gap_us,
                  &ret_form->period_ms) == 4;
}

static double
cpu_seconds(void)
{
    struct timespec used;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double) used.tv_sec + (double) used.tv_nsec / 1e9;
}

static void
sing(const Sysroot *root, CounterSet *set, const char *text, unsigned seconds)
{
    CanaryForm form;
    g_autoptr(Canary) canary = NULL;
    CanaryCounts begin, end;
    double used;

    if (!parse_form(text, &form) || !(canary = canary_start(root, set, &form))) {
        printf("form %s cannot be sung\n", text);
        return;
    }
    sleep(1);
    begin = canary_total(canary);
    used = cpu_seconds();
    sleep(seconds);
    used = cpu_seconds() - used;
    end = canary_total(canary);
    printf("form %s branches %" PRIu64 " misses %" PRIu64 " kept %" PRIu64 " dropped %" PRIu64
           " gaps %" PRIu64 " cpu %.4f\n",
           text, end.branches - begin.branches, end.misses - begin.misses, end.kept - begin.kept,
           end.dropped - begin.dropped, end.gaps - begin.gaps, used / seconds);
    fflush(stdout);
}

int
main(int argc, char **argv)
{
    static const char *const events[] = { "branch-misses", NULL };
    g_autoptr(Sysroot) root = sysroot_new("/");
    g_autoptr(CounterSet) set = NULL;
    g_autoptr(GError) error = NULL;
    cpu_set_t cpus;

    if (argc < 3 || !guest_cpus(root, &cpus, &error) ||
        !(set = counter_set_open(COUNTER_SOURCE_AUTO, root, &cpus, events, NULL, &error))) {
        fprintf(stderr, "canary_forms: %s\n", error ? error->message : "SECONDS FORM...");
        return EXIT_FAILURE;
    }
    for (int i = 2; i < argc; i++)
        sing(root, set, argv[i], (unsigned) atoi(argv[1]));
    return EXIT_SUCCESS;
}
