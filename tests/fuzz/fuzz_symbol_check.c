/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "hostctl/profile/symbol_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nothing that was let through may surprise who reads it line by line. */
static void
check_text(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        g_assert(text[i] == '\n' || text[i] == '\t' || text[i] == ' ' || g_ascii_isgraph(text[i]));
    g_assert(size == 0 || text[size - 1] == '\n');
}

/* Fed in pieces of `piece` bytes. */
static bool
passes(WireFile file, const char *text, size_t size, size_t piece)
{
    g_autofree SymbolCheck *check = g_new(SymbolCheck, 1);
    g_autoptr(GError) error = NULL;
    bool passed = true;

    symbol_check_begin(check, file);
    for (size_t at = 0; passed && at < size; at += piece)
        passed = symbol_check_feed(check, text + at, MIN(piece, size - at), &error);
    passed = passed && symbol_check_end(check, &error);
    g_assert(passed == (error == NULL));
    g_assert(!error || g_utf8_validate(error->message, -1, NULL));
    return passed;
}

/* The first byte says which file it is. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    WireFile file = size > 0 && data[0] == 'm' ? WIRE_FILE_MODULES : WIRE_FILE_KALLSYMS;
    const char *text = (const char *) data + 1;
    bool passed;

    if (size == 0)
        return 0;
    passed = passes(file, text, size - 1, WIRE_SYMBOLS_MAX);
    g_assert(passes(file, text, size - 1, 7) == passed);
    if (passed)
        check_text(text, size - 1);
    return 0;
}
