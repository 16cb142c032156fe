/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/moment.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/failure.h"

static char *
print(int64_t ns, bool utc, const char *format)
{
    g_autoptr(GDateTime) time = utc ? g_date_time_new_from_unix_utc(ns / NS_PER_SECOND)
                                    : g_date_time_new_from_unix_local(ns / NS_PER_SECOND);

    return time ? g_date_time_format(time, format) : g_strdup("?");
}

char *
moment_print(int64_t ns)
{
    return print(ns, false, "%Y-%m-%d %H:%M:%S %z");
}

char *
moment_print_clock(int64_t ns)
{
    return print(ns, false, "%H:%M:%S %z");
}

char *
moment_print_utc(int64_t ns)
{
    return print(ns, true, "%Y-%m-%dT%H:%M:%SZ");
}

/* "14:05", "14:05:30" */
static bool
is_time_of_day(const char *text)
{
    size_t length = strlen(text);

    return (length == 5 || length == 8) && text[2] == ':' && strspn(text, "0123456789:") == length;
}

static GDateTime *
time_of_day(const char *text, int64_t now_ns)
{
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_local(now_ns / NS_PER_SECOND);
    g_autoptr(GTimeZone) zone = g_time_zone_new_local();
    g_autofree char *day = g_date_time_format(now, "%Y-%m-%d");
    g_autofree char *whole = g_strdup_printf("%sT%s%s", day, text, strlen(text) == 5 ? ":00" : "");
    g_autoptr(GDateTime) today = g_date_time_new_from_iso8601(whole, zone);

    if (today && g_date_time_compare(today, now) > 0)
        return g_date_time_add_days(today, -1);
    return g_steal_pointer(&today);
}

bool
moment_parse(const char *text, int64_t now_ns, int64_t *ret_ns, GError **error)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_local();
    g_autoptr(GDateTime) time =
        is_time_of_day(text) ? time_of_day(text, now_ns) : g_date_time_new_from_iso8601(text, zone);
    int64_t ns;

    if (!time)
        return failure_set(error, FAILURE_USAGE,
                           "“%s” is no time: want 14:05, 14:05:30 or 2026-11-21T14:05:30Z", text);
    ns = g_date_time_to_unix(time) * NS_PER_SECOND;
    if (ns < 0 || ns > now_ns)
        return failure_set(error, FAILURE_USAGE, "“%s” is not in the past", text);
    *ret_ns = ns;
    return true;
}
