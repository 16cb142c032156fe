/* SPDX-License-Identifier: GPL-3.0-or-later */
/* VM exits as rows of a dataset. */
#pragma once

#include "common/dataset/writer.h"
#include "hostctl/exits/exits.h"

/*
 * Every reason that a vCPU's thread left its guest for since it was watched, as of the last
 * exits_read(), all at the key's moment. In an open transaction.
 */
bool exit_rows_write(DatasetWriter *writer, const Exits *exits, pid_t thread, const SampleKey *key,
                     GError **error);

/* Exits that the kernel missed since `*seen`, which it brings up to date; one sentence, or NULL
 * when there are none. Free with g_free(). */
char *exit_rows_missed(const Exits *exits, uint64_t *seen);
