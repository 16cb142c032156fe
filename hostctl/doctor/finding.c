/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/doctor/finding.h"

#include "common/base/text.h"

static const Advice ask_the_host = {
    "A tree of files cannot say it.",
    "Run hostctl doctor on the host itself, without --root.",
};

static const Advice untold = {
    "The kernel does not say, or the file could not be read.",
    "Run as root; if the file is really missing, the kernel is older or was built without it.",
};

G_GNUC_PRINTF(4, 0)
static void
set(DoctorFinding *finding, DoctorStatus status, const Advice *advice, const char *format,
    va_list args)
{
    g_autofree char *found = g_strdup_vprintf(format, args);

    *finding = (DoctorFinding){
        .status = status,
        .found = text_printable(found, strlen(found)),
        .meaning = advice ? g_strdup(advice->meaning) : NULL,
        .fix = advice ? g_strdup(advice->fix) : NULL,
    };
}

void
finding_pass(DoctorFinding *finding, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set(finding, DOCTOR_PASS, NULL, format, args);
    va_end(args);
}

void
finding_set(DoctorFinding *finding, DoctorStatus status, const Advice *advice, const char *format,
            ...)
{
    va_list args;

    va_start(args, format);
    set(finding, status, advice, format, args);
    va_end(args);
}

void
finding_needs_host(DoctorFinding *finding)
{
    finding_set(finding, DOCTOR_UNKNOWN, &ask_the_host, "not looked at");
}

void
finding_untold(DoctorFinding *finding, const char *path)
{
    finding_set(finding, DOCTOR_UNKNOWN, &untold, "/%s cannot be read", path);
}

void
finding_add_meaning(DoctorFinding *finding, const char *format, ...)
{
    g_autofree char *before = finding->meaning;
    g_autofree char *more = NULL;
    va_list args;

    va_start(args, format);
    more = g_strdup_vprintf(format, args);
    va_end(args);
    finding->meaning = g_strconcat(before ? before : "", before ? " " : "", more, NULL);
}

char *
tree_word(const Sysroot *root, const char *path)
{
    g_autofree char *text = NULL;
    const char *open, *close;

    if (!sysroot_read(root, path, &text, NULL))
        return NULL;
    open = strchr(text, '[');
    close = open ? strchr(open, ']') : NULL;
    return close ? g_strndup(open + 1, close - open - 1) : g_steal_pointer(&text);
}

bool
tree_number(const Sysroot *root, const char *path, uint64_t *ret_value)
{
    return sysroot_read_u64(root, path, ret_value, NULL);
}
