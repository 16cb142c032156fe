/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/process_id.h"

#include <glib.h>
#include <string.h>

#include "common/base/text.h"

#define STARTTIME_AFTER_NAME 19 /* field 22, counted from field 3 */
#define COMMAND_MAX_BYTES 200

bool
process_starttime(pid_t pid, uint64_t *ret_starttime)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int) pid);
    g_autofree char *text = NULL;
    g_auto(GStrv) fields = NULL;
    const char *after_name;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return false;
    /* The name stands in brackets and may hold blanks and brackets itself. */
    after_name = strrchr(text, ')');
    if (!after_name || after_name[1] != ' ')
        return false;
    fields = g_strsplit(after_name + 2, " ", -1);
    return g_strv_length(fields) > STARTTIME_AFTER_NAME &&
           text_to_u64(fields[STARTTIME_AFTER_NAME], ret_starttime, NULL);
}

char *
process_boot_id(void)
{
    char *text = NULL;

    if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &text, NULL, NULL))
        return g_strdup("unknown");
    return g_strstrip(text);
}

char *
process_command_line(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/cmdline", (int) pid);
    g_autofree char *text = NULL;
    size_t length;

    if (!g_file_get_contents(path, &text, &length, NULL) || length == 0)
        return NULL;
    for (size_t i = 0; i + 1 < length; i++)
        if (text[i] == '\0')
            text[i] = ' ';
    return text_printable(text, COMMAND_MAX_BYTES);
}
