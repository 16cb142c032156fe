/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "common/base/cpuset.h"
#include "common/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A list that was taken is written in a form that gives the same set. */
static void
check_cpuset(const char *text)
{
    cpu_set_t set, again;
    g_autofree char *list = NULL;

    if (!cpuset_parse(text, &set, NULL))
        return;
    list = cpuset_format(&set);
    g_assert(cpuset_parse(list, &again, NULL));
    g_assert(CPU_EQUAL(&set, &again));
}

/* No line of a message begins where another program's would, and no cell is a formula. */
static void
check_outputs(const char *text)
{
    g_autofree char *message = text_message(text);
    g_autofree char *cell = text_csv_cell(text);
    g_auto(GStrv) lines = g_strsplit(message, "\n", -1);

    for (char **line = lines; line != lines + g_strv_length(lines); line++)
        g_assert(line == lines || g_str_has_prefix(*line, "  "));
    g_assert(!*cell || !strchr("=+-@", *cell));
    g_assert(!strpbrk(cell, ",;") || (*cell == '"' && g_str_has_suffix(cell, "\"")));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *) data, size);
    g_autofree char *printable = text_printable(text, size);
    uint64_t u;
    int64_t i;
    double d;

    g_assert(g_utf8_validate(printable, -1, NULL));
    for (const char *c = printable; *c; c++)
        g_assert(!g_ascii_iscntrl(*c));
    text_to_u64(text, &u, NULL);
    text_to_i64(text, &i, NULL);
    text_to_double(text, &d, NULL);
    text_to_kib(text, 1024, &u, NULL);
    check_cpuset(text);
    check_outputs(text);
    return 0;
}
