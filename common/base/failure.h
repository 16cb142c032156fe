/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why a program could not do its work, and which exit code says so.
 * Libraries only set a GError; main() alone prints it and maps its code.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define FAILURE (failure_quark())
GQuark failure_quark(void);

typedef enum {
    FAILURE_FAILED,      /* exit 1: it could not be done */
    FAILURE_USAGE,       /* exit 2: the command line is wrong */
    FAILURE_NO,          /* exit 3: done, but the answer is "no" */
    FAILURE_INTERRUPTED, /* exit 1: a signal asked to stop; everything was put back */
    FAILURE_UNSUPPORTED, /* exit 1: this machine or kernel cannot do it (callers may fall back) */
} FailureCode;

/* Sets a FAILURE error; the message names what, where, and what to do. Always returns false. */
bool failure_set(GError **error, FailureCode code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The same with ": strerror(errno_value)" appended. Always returns false. */
bool failure_set_errno(GError **error, int errno_value, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

#ifdef __clang_analyzer__
/* It sees one file at a time, and would take what a failed call has not set for used. */
#define failure_set(...) (failure_set(__VA_ARGS__), false)
#define failure_set_errno(...) (failure_set_errno(__VA_ARGS__), false)
#endif

#define FAILURE_EXIT_USAGE 2 /* the command line is wrong: its help would tell */

/* The exit code for an error from any domain: option parsing gives 2, FAILURE_NO 3, all else 1. */
int failure_exit_code(const GError *error);
