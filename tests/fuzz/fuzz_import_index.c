/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/import_index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ImportIndex) index =
        import_index_parse("index.json", (const char *) data, (gssize) size, &error);

    g_assert((index == NULL) == (error != NULL));
    if (index)
        g_assert(index->steps->len > 0);
    return 0;
}
