/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/exits/tracepoint.h"

#include <string.h>

#include "common/base/failure.h"
#include "common/base/text.h"

static const char *const folders[] = { "sys/kernel/tracing/events",
                                       "sys/kernel/debug/tracing/events" };

/* The number between `key` and the next semicolon of a line. */
static bool
number_after(const char *line, const char *key, uint64_t *ret_number)
{
    const char *at = strstr(line, key);
    const char *end = at ? strchr(at, ';') : NULL;
    g_autofree char *digits = NULL;

    if (!end)
        return false;
    at += strlen(key);
    digits = g_strndup(at, (gsize) (end - at));
    return text_to_u64(digits, ret_number, NULL);
}

/* "field:unsigned int exit_reason;	offset:8;	size:4;	signed:0;" */
static bool
line_is_of(const char *line, const char *field)
{
    const char *declaration = strstr(line, "field:");
    const char *end = declaration ? strchr(declaration, ';') : NULL;
    gsize length = strlen(field);

    return end && (gsize) (end - declaration) > length &&
           strncmp(end - length, field, length) == 0 && end[-(gssize) length - 1] == ' ';
}

bool
tracepoint_field(const char *format, const char *field, uint32_t *ret_offset, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(format, "\n", -1);

    for (char **line = lines; *line; line++) {
        uint64_t offset, size;

        if (!line_is_of(*line, field) || !number_after(*line, "offset:", &offset) ||
            !number_after(*line, "size:", &size) || size < 4 || offset > G_MAXUINT16)
            continue;
        *ret_offset = (uint32_t) offset;
        return true;
    }
    return failure_set(error, FAILURE_UNSUPPORTED, "its record has no field %s", field);
}

static bool
has_tracefs(const Sysroot *root)
{
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++)
        if (sysroot_exists(root, folders[i]))
            return true;
    return false;
}

bool
tracepoint_read(const Sysroot *root, const char *category, const char *name, const char *file,
                char **ret_text, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_strdup_printf("%s/%s/%s/%s", folders[i], category, name, file);

        if (sysroot_read(root, path, ret_text, NULL))
            return true;
    }
    if (!has_tracefs(root))
        return failure_set(error, FAILURE_UNSUPPORTED,
                           "the kernel's tracepoints cannot be seen: run as root, or mount them "
                           "(mount -t tracefs tracefs /sys/kernel/tracing)");
    return failure_set(error, FAILURE_UNSUPPORTED, "this kernel has no tracepoint %s:%s%s",
                       category, name,
                       g_str_equal(category, "kvm")
                           ? ", since its KVM is not loaded (modprobe kvm_intel, or kvm_amd)"
                           : "");
}
