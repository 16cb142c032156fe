/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>

#include "hostctl/virt/domain_title.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *title = domain_title_parse((const char *) data, size);

    if (title) {
        g_assert(*title);
        for (const char *c = title; *c; c++)
            g_assert(!g_ascii_iscntrl(*c));
    }
    return 0;
}
