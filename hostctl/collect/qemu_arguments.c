/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/qemu_arguments.h"

#include <string.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/text.h"

#define CMDLINE_MAX (1024 * 1024) /* bytes; a guest with many disks has some tens of KiB */

/* One "value" or "key=value"; QEMU writes a comma inside as two. Returns what follows its comma. */
static const char *
next_part(const char *text, GString *part)
{
    g_string_truncate(part, 0);
    for (; *text; text++) {
        if (text[0] == ',' && text[1] != ',')
            return text + 1;
        if (text[0] == ',')
            text++;
        g_string_append_c(part, *text);
    }
    return text;
}

char *
qemu_name_parse(const char *argument)
{
    g_autoptr(GString) part = g_string_new(NULL);
    const char *rest = next_part(argument, part);

    if (!strchr(part->str, '='))
        return g_strdup(part->str);
    while (!g_str_has_prefix(part->str, "guest=")) {
        if (*rest == '\0')
            return g_strdup("");
        rest = next_part(rest, part);
    }
    return g_strdup(part->str + strlen("guest="));
}

bool
qemu_memory_parse(const char *argument, uint64_t *ret_kib)
{
    g_auto(GStrv) parts = g_strsplit(argument, ",", -1);

    for (char **part = parts; *part; part++) {
        const char *size = g_str_has_prefix(*part, "size=") ? *part + strlen("size=") : *part;
        g_autofree char *upper = g_ascii_strup(size, -1);

        if (!strchr(upper, '=') && text_to_kib(upper, 1024, ret_kib, NULL))
            return true;
    }
    return false;
}

char **
qemu_arguments_read(const Sysroot *root, pid_t pid)
{
    g_autofree char *path = g_strdup_printf("proc/%d/cmdline", pid);
    autofd int fd = sysroot_open(root, path, NULL);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(GPtrArray) arguments = g_ptr_array_new();
    guint8 buffer[16 * 1024];
    ssize_t n;

    if (fd < 0)
        return NULL;
    while ((n = read(fd, buffer, sizeof buffer)) > 0 && bytes->len < CMDLINE_MAX)
        g_byte_array_append(bytes, buffer, n);
    if (n < 0 || bytes->len == 0)
        return NULL;

    g_byte_array_append(bytes, (const guint8 *) "", 1);
    for (size_t at = 0; at + 1 < bytes->len; at += strlen((char *) bytes->data + at) + 1)
        g_ptr_array_add(arguments, g_strdup((char *) bytes->data + at));
    g_ptr_array_add(arguments, NULL);
    return (char **) g_ptr_array_free(g_steal_pointer(&arguments), FALSE);
}

const char *
qemu_argument_after(char **arguments, const char *option)
{
    for (char **argument = arguments; argument[0] && argument[1]; argument++)
        if (g_str_equal(argument[0], option))
            return argument[1];
    return NULL;
}

char *
qemu_counter_page(char **arguments)
{
    static const char prefix[] = "/dev/shm/insideout-";

    for (char **argument = arguments; *argument; argument++) {
        const char *path = strstr(*argument, prefix);

        if (path && strstr(*argument, "memory-backend-file"))
            return g_strndup(path, strcspn(path, "\","));
    }
    return NULL;
}
