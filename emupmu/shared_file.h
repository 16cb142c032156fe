/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that several processes map, made by whichever of them comes first. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/*
 * Maps `size` bytes of the regular file at `path` for reading and writing, and makes the file
 * (with `mode`, all zeros) or lengthens it if need be. NULL with errno on failure. Mappings live
 * as long as the process.
 */
void *shared_file_map(const char *path, size_t size, mode_t mode);
