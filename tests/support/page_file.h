/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An emulated counter page in a file, written through a mapping as the plugin does. */
#pragma once

#include <stdint.h>

#include "emupmu/page.h"

/* Two vCPUs, nothing published. Unmap EMUPMU_PAGE_BYTES when done. */
EmupmuPage *page_file_make(const char *path);

/* A tuple whose every count is a multiple of `number`: 100 cycles, 50 instructions, 10 branches, …
 */
void page_file_publish(EmupmuPage *page, unsigned vcpu, uint64_t number);
