/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/shell_words.h"

#include <string.h>

/* What no shell takes for anything else stays as it is, so that it can be read. */
void
shell_words_append(GString *command, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "@%+=:,./_-";
    g_autofree char *quoted = g_shell_quote(word);

    if (command->len > 0)
        g_string_append_c(command, ' ');
    g_string_append(command, *word && word[strspn(word, plain)] == '\0' ? word : quoted);
}
