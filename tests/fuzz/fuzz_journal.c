/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "hostctl/knob/journal_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read must be written again as a line that is read the same. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_auto(JournalLine) line = { 0 };
    g_auto(JournalLine) again = { 0 };
    g_autofree char *text = NULL;

    if (!journal_line_parse((const char *) data, size, &line))
        return 0;
    if (line.kind == JOURNAL_LINE_ENTRY)
        text = journal_line_format_entry(line.entry);
    else if (line.kind == JOURNAL_LINE_CHANGE)
        text = journal_line_format_change(line.id, line.value);
    else
        text = journal_line_format_done(line.id, line.value);

    g_assert_true(journal_line_parse(text, strlen(text) - 1, &again));
    g_assert_cmpint(again.kind, ==, line.kind);
    g_assert_cmpuint(again.id, ==, line.id);
    g_assert_cmpstr(again.value, ==, line.value);
    if (line.entry)
        g_assert_cmpstr(again.entry->target, ==, line.entry->target);
    return 0;
}
