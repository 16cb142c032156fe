/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/json/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    JsonNode *node = json_document_parse("fuzz.json", (const char *) data, (gssize) size, &error);

    g_assert((node == NULL) == (error != NULL));
    if (node)
        json_node_unref(node);
    return 0;
}
