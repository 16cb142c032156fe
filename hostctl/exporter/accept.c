/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/exporter/accept.h"

#include <glib.h>

#include "common/base/text.h"

#define MAX_ACCEPT_BYTES 4096

/* One of the header's parts: "text/plain;version=0.0.4;q=0.5". */
typedef struct {
    const char *type;
    const char *version; /* NULL: any */
    double quality;
} MediaRange;

static MediaRange
parse_range(char **words)
{
    MediaRange range = { .type = g_strstrip(words[0]), .quality = 1 };

    for (char **word = words + 1; *word; word++) {
        char *parameter = g_strstrip(*word);

        if (g_str_has_prefix(parameter, "version="))
            range.version = parameter + strlen("version=");
        /* What cannot be read is not wanted. */
        if (g_str_has_prefix(parameter, "q=") &&
            (!text_to_double(parameter + strlen("q="), &range.quality, NULL) || range.quality < 0 ||
             range.quality > 1))
            range.quality = 0;
    }
    return range;
}

static bool
is_version(const MediaRange *range, const char *version)
{
    g_autofree char *quoted = g_strdup_printf("\"%s\"", version);

    return !range->version || g_str_equal(range->version, version) ||
           g_str_equal(range->version, quoted);
}

static bool
is_type(const MediaRange *range, const char *type)
{
    return g_ascii_strcasecmp(range->type, type) == 0;
}

bool
accept_prefers_openmetrics(const char *accept)
{
    g_auto(GStrv) parts = NULL;
    double openmetrics = 0, text = 0;

    if (!accept || strnlen(accept, MAX_ACCEPT_BYTES) == MAX_ACCEPT_BYTES)
        return false;
    parts = g_strsplit(accept, ",", -1);
    for (char **part = parts; *part; part++) {
        g_auto(GStrv) words = g_strsplit(*part, ";", -1);
        MediaRange range;

        if (!words[0])
            continue;
        range = parse_range(words);
        if (is_type(&range, "application/openmetrics-text") && is_version(&range, "1.0.0"))
            openmetrics = MAX(openmetrics, range.quality);
        else if ((is_type(&range, "text/plain") && is_version(&range, "0.0.4")) ||
                 is_type(&range, "text/*") || is_type(&range, "*/*"))
            text = MAX(text, range.quality);
    }
    return openmetrics > 0 && openmetrics >= text;
}
