/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A moment as people read and write it: local time with its zone; programs get RFC 3339 in UTC. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * "14:05" or "14:05:30": the last time that the clock here showed it, today or yesterday. Else RFC
 * 3339 with a date: "2026-11-21T14:05:30Z", "…+01:00"; without a zone, local time. Nanoseconds
 * since the epoch. FAILURE_USAGE for anything else, and for what is still to come.
 */
bool moment_parse(const char *text, int64_t now_ns, int64_t *ret_ns, GError **error);

/* Local time with its zone: "2026-11-21 14:05:30 +0100". Free with g_free(). */
char *moment_print(int64_t ns);
/* Without its day: "14:05:30 +0100". Free with g_free(). */
char *moment_print_clock(int64_t ns);
/* UTC: "2026-11-21T13:05:30Z". Free with g_free(). */
char *moment_print_utc(int64_t ns);
