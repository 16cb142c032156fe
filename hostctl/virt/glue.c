/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/glue.h"

#include <string.h>

#include "common/base/failure.h"

/* What libvirt says of a daemon that has hung up names a socket only. */
static const char *
translate(const char *message)
{
    return strstr(message, "client socket is closed")
               ? "libvirtd has ended, or was started anew, in the meantime"
               : message;
}

bool(virt_failure)(GError **error, const char *format, ...)
{
    const char *message = translate(virGetLastErrorMessage());
    g_autofree char *what = NULL;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    return failure_set(error, FAILURE_FAILED, "%s: %s", what, message);
}

bool
virt_no_domain(void)
{
    return virGetLastErrorCode() == VIR_ERR_NO_DOMAIN;
}
