/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "common/json/builder.h"
#include "hostctl/command.h"
#include "hostctl/recover.h"
#include "hostctl/subcommand.h"
#include "hostctl/workbench.h"

static void
print_json(const GPtrArray *steps, unsigned damaged_lines)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_put_u64(builder, "format", 1);
    json_put_u64(builder, "damaged_lines", damaged_lines);
    json_builder_set_member_name(builder, "steps");
    json_builder_begin_array(builder);
    for (guint i = 0; i < steps->len; i++) {
        const RecoverStep *step = steps->pdata[i];

        json_builder_begin_object(builder);
        json_put_text(builder, "kind", journal_kind_name(step->entry->kind));
        json_put_text(builder, "target", step->entry->target);
        json_put_text(builder, "uri", step->entry->uri);
        json_put_text(builder, "outcome", recover_outcome_name(step->outcome));
        json_put_text(builder, "text", step->text);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    json_print(builder, stdout);
}

static void
print_text(const GPtrArray *steps, unsigned damaged_lines)
{
    for (guint i = 0; i < steps->len; i++)
        printf("%s\n", ((const RecoverStep *) steps->pdata[i])->text);
    if (damaged_lines)
        printf("%u damaged lines of the journal could not be read; what they told is lost\n",
               damaged_lines);
    if (steps->len == 0)
        printf("nothing to put back\n");
}

bool
cmd_recover(const CommandContext *context, int argc, char **argv, GError **error)
{
    gboolean dry_run = FALSE, json = FALSE;
    const GOptionEntry options[] = {
        { "dry-run", 'n', 0, G_OPTION_ARG_NONE, &dry_run, "Only say what would be put back", NULL },
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print one JSON document", NULL },
        G_OPTION_ENTRY_NULL,
    };
    g_auto(Workbench) bench = { 0 };
    g_autoptr(GPtrArray) steps = NULL;
    unsigned damaged_lines;

    g_set_prgname("hostctl recover");
    if (!subcommand_parse("- put back what a killed run left", options, 0, 0, &argc, &argv,
                          error) ||
        !workbench_open(context, dry_run ? WORKBENCH_READ : WORKBENCH_RECOVER, &bench, error) ||
        !recover_all(bench.state, bench.journal, dry_run, context->interrupt, &steps, error))
        return false;

    damaged_lines = journal_damaged_lines(bench.journal);
    if (json)
        print_json(steps, damaged_lines);
    else
        print_text(steps, damaged_lines);
    return recover_judge(steps, error);
}
