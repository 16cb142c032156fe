/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/text.h"

#include <math.h>
#include <string.h>

#include "common/base/failure.h"

bool
text_to_u64(const char *text, uint64_t *ret_value, GError **error)
{
    guint64 value;

    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, &value, error))
        return false;

    *ret_value = value;
    return true;
}

bool
text_to_i64(const char *text, int64_t *ret_value, GError **error)
{
    gint64 value;

    if (!g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &value, error))
        return false;

    *ret_value = value;
    return true;
}

bool
text_to_double(const char *text, double *ret_value, GError **error)
{
    char *end = NULL;
    double value = g_ascii_strtod(text, &end);

    if (*text == '\0' || g_ascii_isspace(*text) || *end != '\0' || !isfinite(value))
        return failure_set(error, FAILURE_FAILED, "“%s” is not a number", text);

    *ret_value = value;
    return true;
}

static const struct {
    const char *suffix;
    uint64_t kib;
} size_units[] = {
    { "K", 1 },          { "KiB", 1 },          { "M", 1024 },       { "MiB", 1024 },
    { "G", 1ull << 20 }, { "GiB", 1ull << 20 }, { "T", 1ull << 30 }, { "TiB", 1ull << 30 },
};

bool
text_to_kib(const char *text, uint64_t default_unit_kib, uint64_t *ret_kib, GError **error)
{
    size_t digits = strspn(text, "0123456789");
    g_autofree char *number = g_strndup(text, digits);
    const char *suffix = text + digits;
    uint64_t unit = *suffix == '\0' ? default_unit_kib : 0;
    uint64_t value;

    for (size_t i = 0; i < G_N_ELEMENTS(size_units); i++)
        if (g_str_equal(suffix, size_units[i].suffix))
            unit = size_units[i].kib;

    if (unit == 0 || !text_to_u64(number, &value, NULL) || value > G_MAXINT64 / 1024 / unit)
        return failure_set(error, FAILURE_FAILED,
                           "“%s” is not a size (want a number with K, M, G or T)", text);

    *ret_kib = value * unit;
    return true;
}

char *
text_printable(const char *text, size_t max_bytes)
{
    GString *out = g_string_new(NULL);
    const char *end = text + strnlen(text, max_bytes);

    while (text < end) {
        gunichar c = g_utf8_get_char_validated(text, end - text);

        if (c == (gunichar) -1 || c == (gunichar) -2 || !g_unichar_isprint(c)) {
            g_string_append_printf(out, "\\x%02x", (unsigned char) *text++);
            continue;
        }
        g_string_append_unichar(out, c);
        text = g_utf8_next_char(text);
    }
    return g_string_free(out, FALSE);
}

char *
text_message(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *out = g_string_new(NULL);

    for (char **line = lines; *line; line++) {
        g_autofree char *printable = text_printable(*line, strlen(*line));

        if (line != lines)
            g_string_append(out, g_str_has_prefix(*line, "  ") ? "\n" : "\n  ");
        g_string_append(out, printable);
    }
    return g_string_free(out, FALSE);
}

char *
text_of_kib(uint64_t kib)
{
    static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
    double value = (double) kib;
    size_t unit = 0;

    for (; value >= 1024 && unit + 1 < G_N_ELEMENTS(units); unit++)
        value /= 1024;
    return value >= 100 || value == (double) (uint64_t) value
               ? g_strdup_printf("%.0f %s", value, units[unit])
               : g_strdup_printf("%.1f %s", value, units[unit]);
}

char *
text_csv_cell(const char *text)
{
    g_autofree char *printable = text_printable(text, strlen(text));
    g_autofree char *harmless = *printable && strchr("=+-@", *printable)
                                    ? g_strconcat("'", printable, NULL)
                                    : g_strdup(printable);
    g_auto(GStrv) parts = NULL;
    g_autofree char *doubled = NULL;

    if (!strpbrk(harmless, ",\";"))
        return g_steal_pointer(&harmless);
    parts = g_strsplit(harmless, "\"", -1);
    doubled = g_strjoinv("\"\"", parts);
    return g_strdup_printf("\"%s\"", doubled);
}
