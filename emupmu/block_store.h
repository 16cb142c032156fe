/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory for what the plugin knows of translated blocks. Blocks are made one at a time by any
 * thread and dropped all at once when QEMU drops its translations; memory is then used again, so
 * it is bounded by what QEMU keeps translated at once.
 */
#pragma once

#include "emupmu/model.h"

/* A block of zeros, valid until block_store_recycle(); NULL when there is no memory. */
ModelBlock *block_store_take(void);

/* All blocks are invalid from here on. No other thread may be in this file meanwhile. */
void block_store_recycle(void);
