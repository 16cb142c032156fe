/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A command for people to copy into a shell. hostctl itself runs none. */
#pragma once

#include <glib.h>

/* Appends a word, behind a blank when it is not the first, quoted where a shell would see more. */
void shell_words_append(GString *command, const char *word);
