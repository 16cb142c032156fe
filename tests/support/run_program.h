/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A program that a test runs and looks at from outside. */
#pragma once

#include <glib.h>

typedef struct {
    int exit_code; /* 128 + signal when one ended it */
    char *out, *err;
} ProgramResult;

/* Runs the vector to its end. Fails the test when it cannot be started. */
ProgramResult run_program(const char *const *argv);
void program_result_clear(ProgramResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ProgramResult, program_result_clear)
