/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/top/top_render.h"

#include <stdarg.h>

#include "hostctl/top/top_format.h"
#include "hostctl/top/top_render_private.h"

static const char *const footers[] = {
    [TOP_LIST] = "q quit  m matrix  Enter guest  s sort  f freeze  h help",
    [TOP_MATRIX] = "q quit  m list  Enter guest  f freeze  h help",
    [TOP_GUEST] = "q quit  Esc list  Up/Down next guest  f freeze  h help",
    [TOP_HELP] = "q quit  Esc list",
};

static void
line_free(void *data)
{
    TopLine *line = data;

    g_free(line->text);
    g_free(line);
}

void
top_add_line(GPtrArray *lines, TopStyle style, char *text)
{
    TopLine *line = g_new0(TopLine, 1);

    line->text = text;
    line->style = style;
    g_ptr_array_add(lines, line);
}

void
top_add_text(GPtrArray *lines, TopStyle style, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    top_add_line(lines, style, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

TopStyle
top_verdict_style(Verdict verdict)
{
    switch (verdict) {
    case VERDICT_WAITS:
        return TOP_WARNING;
    case VERDICT_CONTENDED:
    case VERDICT_THROTTLED:
        return TOP_ALARM;
    default:
        return TOP_PLAIN;
    }
}

char *
top_cause_label(const CauseView *cause)
{
    if (!cause)
        return g_strdup("-");
    return *cause->name ? top_name(cause->name)
                        : g_strdup_printf("(%s)", blame_kind_name(cause->kind));
}

/* No line wider than the screen, and the last one is the footer. */
static void
fit(const TopState *state, GPtrArray *lines)
{
    guint room = (guint) MAX(1, state->height - TOP_FOOTER_LINES);

    if (lines->len > room)
        g_ptr_array_set_size(lines, (int) room);
    while (lines->len < room)
        top_add_text(lines, TOP_PLAIN, "%s", "");
    top_add_text(lines, TOP_HEADING, "%s%s", state->frozen ? "FROZEN  " : "", footers[state->page]);
    for (guint i = 0; i < lines->len; i++) {
        TopLine *line = lines->pdata[i];
        GString *cut = g_string_new(NULL);

        if (g_utf8_strlen(line->text, -1) > state->width)
            top_append_left(cut, line->text, state->width);
        else
            g_string_assign(cut, line->text);
        g_free(line->text);
        line->text = g_string_free(cut, FALSE);
    }
}

GPtrArray *
top_render(const TopState *state)
{
    static void (*const pages[])(const TopState *, GPtrArray *) = {
        [TOP_LIST] = top_render_list,
        [TOP_MATRIX] = top_render_matrix,
        [TOP_GUEST] = top_render_guest,
        [TOP_HELP] = top_render_help,
    };
    GPtrArray *lines = g_ptr_array_new_with_free_func(line_free);

    top_render_header(state, lines);
    if (!state->view && state->page != TOP_HELP)
        top_add_text(lines, TOP_PLAIN, "watching for %.1f s …", state->interval_seconds);
    else
        pages[state->page](state, lines);
    fit(state, lines);
    return lines;
}
