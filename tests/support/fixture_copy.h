/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fixture tree copied to a temporary folder, so that a test may change it. */
#pragma once

#include "common/base/sysroot.h"

/* Copies tests/fixtures/NAME, symbolic links as links. Free with fixture_copy_free(). */
char *fixture_copy(const char *name);
void fixture_copy_free(char *path); /* removes the copy */

/* One file of the copy: a new text, made with its folders when missing; NULL removes it (or the
 * whole folder of that name). */
void fixture_change(const char *copy, const char *path, const char *text);

/* The same with a symbolic link. */
void fixture_link(const char *copy, const char *path, const char *target);
