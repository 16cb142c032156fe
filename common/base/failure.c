/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/failure.h"

#include <string.h>

GQuark
failure_quark(void)
{
    return g_quark_from_static_string("insideout-failure");
}

bool(failure_set)(GError **error, FailureCode code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (error)
        *error = g_error_new_valist(FAILURE, (int) code, format, args);
    va_end(args);
    return false;
}

bool(failure_set_errno)(GError **error, int errno_value, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    return failure_set(error, FAILURE_FAILED, "%s: %s", what, g_strerror(errno_value));
}

int
failure_exit_code(const GError *error)
{
    if (error->domain == g_quark_from_static_string("g-option-context-error-quark"))
        return FAILURE_EXIT_USAGE;
    if (error->domain != FAILURE)
        return 1;

    switch (error->code) {
    case FAILURE_USAGE:
        return FAILURE_EXIT_USAGE;
    case FAILURE_NO:
        return 3;
    default:
        return 1;
    }
}
