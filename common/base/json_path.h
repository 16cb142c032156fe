/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where in a JSON document a byte stands, for errors of parsers that know bytes only. */
#pragma once

#include <glib.h>
#include <stddef.h>

/*
 * The JSON path of the value (or of the key) that ends at byte `offset`: "$.entries[3].auc". For a
 * text that json_guard_check() took. Free with g_free().
 */
char *json_path_at(const char *text, size_t length, size_t offset);
