/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/glue.h"

#include "common/base/failure.h"

bool
virt_failure(GError **error, const char *format, ...)
{
    const char *message = virGetLastErrorMessage();
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
