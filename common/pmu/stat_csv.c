/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A window of a hundred threads is printed a hundred times a second: its rows are put together in
 * one buffer, and what is the same in all of them is put together once. */
#include <glib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/decimal.h"
#include "common/pmu/stat_print.h"
#include "common/pmu/stat_row.h"

#define BUFFER_BYTES 1024
#define TIME_BYTES 64

typedef struct {
    FILE *out; /* NULL: what does not fit is lost */
    bool lost;
    const char *separator;
    size_t separator_bytes;
    size_t n;
    char bytes[BUFFER_BYTES];
} Buffer;

/* Not cleared as a whole: it is large. */
static void
init_buffer(Buffer *buffer, FILE *out, const char *separator)
{
    buffer->out = out;
    buffer->lost = false;
    buffer->separator = separator;
    buffer->separator_bytes = strlen(separator);
    buffer->n = 0;
}

static void
pass_on(Buffer *buffer, const char *bytes, size_t n)
{
    if (buffer->out)
        fwrite_unlocked(bytes, 1, n, buffer->out);
    else
        buffer->lost = true;
}

static void
flush_buffer(Buffer *buffer)
{
    pass_on(buffer, buffer->bytes, buffer->n);
    buffer->n = 0;
}

static void
put_bytes(Buffer *buffer, const char *bytes, size_t n)
{
    if (n > BUFFER_BYTES - buffer->n)
        flush_buffer(buffer);
    if (n > BUFFER_BYTES) {
        pass_on(buffer, bytes, n);
        return;
    }
    memcpy(buffer->bytes + buffer->n, bytes, n);
    buffer->n += n;
}

/* Texts of a few letters: measuring and copying them apart takes twice as long. */
static void
put_text(Buffer *buffer, const char *text)
{
    char *at = buffer->bytes + buffer->n, *end = buffer->bytes + BUFFER_BYTES;

    while (*text && at < end)
        *at++ = *text++;
    buffer->n = (size_t) (at - buffer->bytes);
    if (*text)
        put_bytes(buffer, text, strlen(text));
}

/* Nearly always one character, a dozen times a row. */
static void
put_separator(Buffer *buffer)
{
    if (buffer->separator_bytes == 1 && buffer->n < BUFFER_BYTES)
        buffer->bytes[buffer->n++] = *buffer->separator;
    else
        put_bytes(buffer, buffer->separator, buffer->separator_bytes);
}

static char *
room_for_number(Buffer *buffer)
{
    if (BUFFER_BYTES - buffer->n < DECIMAL_BYTES)
        flush_buffer(buffer);
    return buffer->bytes + buffer->n;
}

static void
put_u64(Buffer *buffer, uint64_t value)
{
    buffer->n = (size_t) (decimal_put_u64(room_for_number(buffer), value) - buffer->bytes);
}

static void
put_double(Buffer *buffer, double value, int decimals)
{
    buffer->n = (size_t) (decimal_put(room_for_number(buffer), value, decimals) - buffer->bytes);
}

/* Letters, digits and what hostctl's own guests have in their names. */
static bool
is_plain(const char *domain, const char *separator)
{
    size_t length = 0;

    while (g_ascii_isalnum(domain[length]) || (domain[length] && strchr("_.-", domain[length])))
        length++;
    return domain[length] == '\0' && length <= STAT_DOMAIN_BYTES_MAX && *domain != '-' &&
           !strpbrk(domain, separator);
}

/* perf quotes nothing: whatever would look like a separator, or like a formula, is no longer one.
 * NULL when the name may stay as it is; free with g_free(). */
static char *
tame_domain(const char *domain, const char *separator)
{
    g_autofree char *text = NULL, *valid = NULL;
    GString *tame;

    if (is_plain(domain, separator))
        return NULL;
    text = g_strndup(domain, STAT_DOMAIN_BYTES_MAX);
    valid = g_utf8_make_valid(text, -1);
    tame = g_string_new(NULL);
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        bool formula = at == valid && strchr("=+-@", *at);
        bool harmless = g_unichar_isprint(c) && c != ' ' && !formula &&
                        !(c < 0x80 && strchr(separator, (int) c));

        g_string_append_unichar(tame, harmless ? c : '_');
    }
    return g_string_free(tame, FALSE);
}

static void
put_value(Buffer *buffer, const StatRow *row)
{
    const char *none = stat_row_why_no_value(row);
    double value = none ? 0 : stat_row_printed_value(row);

    if (none)
        put_text(buffer, none);
    else
        put_double(buffer, value, floor(value) == value ? 0 : 2);
}

static void
put_head(Buffer *buffer, const StatRow *row)
{
    put_separator(buffer);
    put_text(buffer, stat_row_unit(row));
    put_separator(buffer);
    put_text(buffer, row->name);
    put_separator(buffer);
}

static void
put_running(Buffer *buffer, const StatRow *row)
{
    put_u64(buffer, row->running_ns);
    put_separator(buffer);
    put_u64(buffer, stat_row_running_percent(row));
    put_text(buffer, ".00");
    put_separator(buffer);
    if (row->metric.unit)
        put_double(buffer, row->metric.value, row->metric.decimals);
    put_separator(buffer);
    put_text(buffer, row->metric.unit ? row->metric.unit : "");
}

static void
put_tail(Buffer *buffer, const StatWindow *window, const StatRow *row)
{
    g_autofree char *tame = NULL;

    if (!window->domain)
        return;
    tame = tame_domain(window->domain, buffer->separator);
    put_separator(buffer);
    put_text(buffer, tame ? tame : window->domain);
    put_separator(buffer);
    put_u64(buffer, window->vcpu);
    put_separator(buffer);
    put_text(buffer, row->mode ? row->mode : "");
    put_separator(buffer);
    put_text(buffer, row->source ? row->source : "");
}

/* Not inlined: its buffers would lie between the pages that each window uses. */
static G_NO_INLINE void
keep_text(StatRowText *text, const StatWindow *window, const StatRow *row, const char *separator)
{
    Buffer head, tail;

    init_buffer(&head, NULL, separator);
    init_buffer(&tail, NULL, separator);
    put_head(&head, row);
    put_tail(&tail, window, row);
    if (head.lost || head.n > sizeof text->head || tail.lost || tail.n > sizeof text->tail)
        return;
    memcpy(text->head, head.bytes, head.n);
    memcpy(text->tail, tail.bytes, tail.n);
    text->n_head = (uint16_t) head.n;
    text->n_tail = (uint16_t) tail.n;
}

static void
put_counts(Buffer *buffer, const StatWindow *window, const StatRow *row)
{
    StatRowText *text = row->text;

    if (text && !text->n_head)
        keep_text(text, window, row, buffer->separator);
    put_value(buffer, row);
    if (text && text->n_head) {
        put_bytes(buffer, text->head, text->n_head);
        put_running(buffer, row);
        put_bytes(buffer, text->tail, text->n_tail);
    } else {
        put_head(buffer, row);
        put_running(buffer, row);
        put_tail(buffer, window, row);
    }
}

static void
put_exit(Buffer *buffer, const StatRow *row)
{
    put_separator(buffer);
    if (row->exit_reason)
        put_u64(buffer, row->exit_time_ns);
}

/* All digits of a figure; nothing where there is none. */
static void
put_figure(Buffer *buffer, double figure)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    put_separator(buffer);
    if (isfinite(figure))
        put_text(buffer, g_ascii_dtostr(text, sizeof text, figure));
}

static void
put_verdict(Buffer *buffer, const StatVerdict *verdict)
{
    put_separator(buffer);
    put_text(buffer, verdict->estimator);
    put_figure(buffer, verdict->value);
    put_figure(buffer, verdict->threshold);
    put_separator(buffer);
    put_text(buffer, verdict->match);
    put_separator(buffer);
    put_text(buffer, verdict->verdict);
}

/* "%*ld.%09ld" of a time of seconds; its length. */
static size_t
put_time(char *text, int64_t ns, int width)
{
    char digits[DECIMAL_BYTES];
    char *end = decimal_put_u64(digits, (uint64_t) ns / NS_PER_SECOND);
    char *at = text;

    for (long blanks = width - (end - digits); blanks > 0; blanks--)
        *at++ = ' ';
    at = mempcpy(at, digits, (size_t) (end - digits));
    *at++ = '.';
    return (size_t) (decimal_put_digits(at, (uint64_t) ns % NS_PER_SECOND, 9) - text);
}

/* What all rows of the window begin with. */
static void
put_window(Buffer *buffer, const StatWindow *window, const StatStyle *style)
{
    char time[TIME_BYTES];

    if (style->with_time) {
        put_bytes(buffer, time,
                  put_time(time, window->end_ns, style->perf == STAT_PERF_6_1 ? 6 : 0));
        put_separator(buffer);
    }
    if (window->thread) {
        put_text(buffer, window->thread);
        put_separator(buffer);
    }
}

void
stat_print_csv(FILE *out, const StatWindow *window, const StatStyle *style)
{
    Buffer begin, buffer;

    init_buffer(&begin, NULL, style->separator);
    init_buffer(&buffer, out, style->separator);
    put_window(&begin, window, style);
    for (unsigned i = 0; i < window->n_rows; i++) {
        put_bytes(&buffer, begin.bytes, begin.n);
        put_counts(&buffer, window, &window->rows[i]);
        if (style->with_exits)
            put_exit(&buffer, &window->rows[i]);
        if (window->verdict)
            put_verdict(&buffer, window->verdict);
        put_text(&buffer, "\n");
    }
    flush_buffer(&buffer);
}
