/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `correlate export --exits`: one row for each visit, vCPU and reason of leaving the guest. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "common/dataset/reader.h"

/* `format` as of row_writer_new(). A dataset without VM exits gives the heading alone. */
bool exit_writer_write(DatasetReader *reader, const char *format, FILE *out, GError **error);
