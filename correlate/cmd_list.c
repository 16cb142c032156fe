/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/base/moment.h"
#include "common/dataset/reader.h"
#include "common/json/builder.h"
#include "correlate/command.h"
#include "correlate/report/text_table.h"

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Sorted; NULL when the folder cannot be read. */
static GPtrArray *
names_in(const char *folder, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
    GPtrArray *names;
    const char *name;

    if (!dir)
        return NULL;
    names = g_ptr_array_new_with_free_func(g_free);
    while ((name = g_dir_read_name(dir)))
        if (!g_str_has_suffix(name, "-wal") && !g_str_has_suffix(name, "-shm"))
            g_ptr_array_add(names, g_strdup(name));
    qsort(names->pdata, names->len, sizeof names->pdata[0], by_name);
    return names;
}

static guint
count_done(const DatasetFacts *facts)
{
    guint done = 0;

    for (guint i = 0; i < facts->visits->len; i++)
        done += g_str_equal(g_array_index(facts->visits, DatasetVisit, i).state, "done");
    return done;
}

static int64_t
count_repeats(const DatasetFacts *facts)
{
    int64_t most = 0;

    for (guint i = 0; i < facts->visits->len; i++)
        most = MAX(most, g_array_index(facts->visits, DatasetVisit, i).repeat);
    return most;
}

static void
put_row(TextTable *table, const char *file, const DatasetFacts *facts)
{
    g_autofree char *date = moment_print(facts->run.started_wall_ns);
    g_autofree char *visits = g_strdup_printf("%u of %u", count_done(facts), facts->visits->len);

    text_table_text(table, file);
    text_table_text(table, facts->run.name);
    text_table_text(table, date);
    text_table_text(table, facts->run.command);
    text_table_text(table, facts->run.state);
    text_table_text(table, facts->run.counters);
    text_table_text(table, facts->run.cpu_model);
    text_table_count(table, facts->conditions->len);
    text_table_text(table, visits);
    text_table_number(table, 0, (double) count_repeats(facts));
}

static void
print_object(const char *file, const DatasetFacts *facts)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autofree char *date = moment_print_utc(facts->run.started_wall_ns);
    g_autofree char *line = NULL;

    json_builder_begin_object(builder);
    json_put_text(builder, "file", file);
    json_put_text(builder, "name", facts->run.name);
    json_put_text(builder, "uuid", facts->run.uuid);
    json_put_text(builder, "started", date);
    json_put_text(builder, "command", facts->run.command);
    json_put_text(builder, "state", facts->run.state);
    json_put_text(builder, "counters", facts->run.counters);
    json_put_text(builder, "cpu_model", facts->run.cpu_model);
    json_put_integer(builder, "conditions", facts->conditions->len);
    json_put_integer(builder, "visits", facts->visits->len);
    json_put_integer(builder, "visits_done", count_done(facts));
    json_put_integer(builder, "repeats", count_repeats(facts));
    json_builder_end_object(builder);
    line = json_builder_text(builder, false);
    fputs(line, stdout);
}

bool
cmd_list(int argc, char **argv, GError **error)
{
    static const char *const headings[] = { "<file",       "<run",      "<started", "<by",
                                            "<state",      "<counters", "<CPU",     "conditions",
                                            "visits done", "repeats",   NULL };
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        { "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print one object a run", NULL },
        { NULL },
    };
    g_autoptr(GPtrArray) names = NULL;
    g_autoptr(TextTable) table = text_table_new(headings);
    g_autoptr(GString) out = g_string_new(NULL);

    if (!command_parse("DIR", "Lists the datasets of a folder; other files are passed over.",
                       entries, 1, 1, &argc, &argv, error) ||
        !(names = names_in(argv[1], error)))
        return false;

    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(argv[1], names->pdata[i], NULL);
        g_autoptr(DatasetReader) reader =
            g_file_test(path, G_FILE_TEST_IS_REGULAR) ? dataset_reader_open(path, NULL) : NULL;

        if (reader && json)
            print_object(names->pdata[i], dataset_reader_facts(reader));
        else if (reader)
            put_row(table, names->pdata[i], dataset_reader_facts(reader));
    }
    if (json)
        return true;
    if (text_table_rows(table) == 0)
        g_string_append(out, "no datasets here\n");
    else
        text_table_print(table, out);
    return command_output(NULL, out->str, error);
}
