/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the kernel's files are: "/" in production, a fixture tree in tests.
 * Every reader of /proc and /sys takes one, so no test needs root or mocks.
 * Paths are relative to it and written without a leading slash ("sys/kernel/mm/ksm/run").
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Sysroot Sysroot;

Sysroot *sysroot_new(const char *path);
void sysroot_free(Sysroot *root);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sysroot, sysroot_free)

/* True when the tree is the machine we run on, so that system calls and files agree. */
bool sysroot_is_live(const Sysroot *root);

bool sysroot_exists(const Sysroot *root, const char *path);

/* The real path of `path`, for messages and for calls that need one. Free with g_free(). */
char *sysroot_path(const Sysroot *root, const char *path);

/* The file's text, at most 1 MiB, trailing white space removed. Errors name the path. */
bool sysroot_read(const Sysroot *root, const char *path, char **ret_text, GError **error);
bool sysroot_read_u64(const Sysroot *root, const char *path, uint64_t *ret_value, GError **error);

/* The names in a directory, sorted, without "." and "..". Free with g_strfreev(). */
bool sysroot_list(const Sysroot *root, const char *path, char ***ret_names, GError **error);

/* One plain write(2) into an existing file: sysfs takes no rename. */
bool sysroot_write(const Sysroot *root, const char *path, const char *text, GError **error);
bool sysroot_write_u64(const Sysroot *root, const char *path, uint64_t value, GError **error);

/* An open descriptor (O_RDONLY | O_CLOEXEC) for files that are read at every tick; -1 on error. */
int sysroot_open(const Sysroot *root, const char *path, GError **error);
