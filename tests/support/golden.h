/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files that tests compare with (tests/golden) and read from (tests/fixtures).
 * UPDATE_GOLDEN=1 rewrites a golden file instead of comparing; review it with git diff.
 */
#pragma once

/* Fails unless `got` is the text of tests/golden/NAME. */
void assert_golden(const char *name, const char *got);

/* The path of tests/fixtures/NAME. Free with g_free(). */
char *fixture_path(const char *name);
