/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/base/failure.h"
#include "common/base/pace.h"
#include "common/base/text.h"
#include "common/json/builder.h"
#include "hostctl/collect/ksm.h"
#include "hostctl/command.h"
#include "hostctl/host_qemu.h"
#include "hostctl/knob/ksm_knob.h"
#include "hostctl/knob/ksm_undo.h"
#include "hostctl/subcommand.h"
#include "hostctl/workbench.h"

#define PAGE_KIB 4

/* What is shown, in order: settings first, then facts. */
static const struct {
    const char *name;
    size_t offset;
} fields[] = {
    { "run", offsetof(KsmStats, run) },
    { "pages_to_scan", offsetof(KsmStats, pages_to_scan) },
    { "sleep_millisecs", offsetof(KsmStats, sleep_millisecs) },
    { "merge_across_nodes", offsetof(KsmStats, merge_across_nodes) },
    { "use_zero_pages", offsetof(KsmStats, use_zero_pages) },
    { "max_page_sharing", offsetof(KsmStats, max_page_sharing) },
    { "smart_scan", offsetof(KsmStats, smart_scan) },
    { "pages_shared", offsetof(KsmStats, pages_shared) },
    { "pages_sharing", offsetof(KsmStats, pages_sharing) },
    { "pages_unshared", offsetof(KsmStats, pages_unshared) },
    { "pages_volatile", offsetof(KsmStats, pages_volatile) },
    { "pages_scanned", offsetof(KsmStats, pages_scanned) },
    { "pages_skipped", offsetof(KsmStats, pages_skipped) },
    { "full_scans", offsetof(KsmStats, full_scans) },
    { "ksm_zero_pages", offsetof(KsmStats, ksm_zero_pages) },
};

static uint64_t
field_value(const KsmStats *stats, size_t i)
{
    return *(const uint64_t *) ((const char *) stats + fields[i].offset);
}

static void
show_json(const KsmStats *stats)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_put_u64(builder, "format", 1);
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        json_put_u64(builder, fields[i].name, field_value(stats, i));
    json_put_text(builder, "advisor_mode", *stats->advisor_mode ? stats->advisor_mode : NULL);
    json_put_u64(builder, "saved_kib", stats->pages_sharing * PAGE_KIB);
    json_builder_end_object(builder);
    json_print(builder, stdout);
}

static void
show_text(const KsmStats *stats)
{
    g_autofree char *saved = text_of_kib(stats->pages_sharing * PAGE_KIB);

    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (field_value(stats, i) != ABSENT_U64)
            printf("%-20s %" G_GUINT64_FORMAT "\n", fields[i].name, field_value(stats, i));
    if (*stats->advisor_mode)
        printf("%-20s %s\n", "advisor_mode", stats->advisor_mode);
    printf("%-20s %s\n", "saved", saved);
}

static bool
ksm_show(const CommandContext *context, int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    const GOptionEntry options[] = {
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print one JSON document", NULL },
        G_OPTION_ENTRY_NULL,
    };
    KsmStats stats;

    if (!subcommand_parse("- page sharing now", options, 0, 0, &argc, &argv, error) ||
        !ksm_read(context->root, &stats, error))
        return false;
    if (json)
        show_json(&stats);
    else
        show_text(&stats);
    return true;
}

/* KEY=VALUE words; the settings point into them. */
static bool
parse_settings(char **words, int n, KsmSetting *settings, GError **error)
{
    for (int i = 0; i < n; i++) {
        char *equals = strchr(words[i], '=');

        if (!equals)
            return failure_set(error, FAILURE_USAGE, "“%s” is not KEY=VALUE", words[i]);
        *equals = '\0';
        settings[i] = (KsmSetting){ words[i], equals + 1 };
        if (!ksm_setting_check(&settings[i], error))
            return false;
    }
    return true;
}

static bool
ksm_set(const CommandContext *context, int argc, char **argv, GError **error)
{
    gboolean shared_host = FALSE;
    const GOptionEntry options[] = {
        { "shared-host", 0, 0, G_OPTION_ARG_NONE, &shared_host,
          "Also while guests run that hostctl did not make", NULL },
        G_OPTION_ENTRY_NULL,
    };
    g_autofree KsmSetting *settings = g_new0(KsmSetting, (gsize) argc);
    g_auto(Workbench) bench = { 0 };
    g_autoptr(KsmKnob) knob = NULL;

    if (!subcommand_parse("KEY=VALUE… - change page sharing until `hostctl ksm restore`", options,
                          1, INT_MAX, &argc, &argv, error) ||
        !parse_settings(argv + 1, argc - 1, settings, error) ||
        !host_qemu_allow(context->root, "page sharing is not changed", shared_host, error) ||
        !workbench_open(context, WORKBENCH_CHANGE, &bench, error))
        return false;

    pace_tell("waiting for page sharing to be as asked");
    knob = ksm_knob_new(bench.journal, true, error);
    return knob && ksm_knob_apply(knob, settings, (size_t) argc - 1, KSM_UNMERGE_SECONDS * 1000,
                                  context->interrupt, error);
}

static bool
ksm_restore(const CommandContext *context, int argc, char **argv, GError **error)
{
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_auto(Workbench) bench = { 0 };
    bool done;

    if (!subcommand_parse("- page sharing as before the first `hostctl ksm set`", NULL, 0, 0, &argc,
                          &argv, error) ||
        !workbench_open(context, WORKBENCH_CHANGE, &bench, error))
        return false;
    pace_tell("putting page sharing back");
    done = ksm_put_back_held(bench.journal, context->interrupt, notes, error);
    pace_end();
    for (guint i = 0; i < notes->len; i++)
        printf("%s\n", (const char *) notes->pdata[i]);
    return done;
}

static const Command verbs[] = {
    { "show", ksm_show, "settings and what they do now (--json)", NULL },
    { "set", ksm_set, "KEY=VALUE…: change settings; the first state is remembered", NULL },
    { "restore", ksm_restore, "put back what was before the first set", NULL },
};

bool
cmd_ksm(const CommandContext *context, int argc, char **argv, GError **error)
{
    return subcommand_run(context, verbs, G_N_ELEMENTS(verbs), argc, argv, error);
}
