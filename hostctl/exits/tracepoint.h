/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where tracefs says a tracepoint is, and where the fields of its record lie. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/sysroot.h"

/*
 * The place of a field in a format file's text, in bytes from the record's begin. Error: there is
 * no such field of four bytes or more.
 */
bool tracepoint_field(const char *format, const char *field, uint32_t *ret_offset, GError **error);

/*
 * A file of a tracepoint ("kvm", "kvm_exit", "format"), from wherever tracefs is mounted. Error of
 * code FAILURE_UNSUPPORTED: no tracefs, or no such tracepoint; the message says what to do.
 */
bool tracepoint_read(const Sysroot *root, const char *category, const char *name, const char *file,
                     char **ret_text, GError **error);
