/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/report/gnuplot.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "common/base/failure.h"

#define PROGRAM "gnuplot"

bool
gnuplot_is_there(void)
{
    g_autofree char *path = g_find_program_in_path(PROGRAM);

    return path != NULL;
}

char *
gnuplot_quote(const char *text)
{
    GString *out = g_string_new("'");
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    for (const char *c = valid; *c; c = g_utf8_next_char(c)) {
        gunichar character = g_utf8_get_char(c);

        if (character == '\'')
            g_string_append(out, "''");
        else if (!g_unichar_iscntrl(character))
            g_string_append_unichar(out, character);
    }
    g_string_append_c(out, '\'');
    return g_string_free(out, FALSE);
}

/* A private, empty folder with no start-up files: whatever gnuplot leaves behind goes with it. */
static char *
run_in(const char *folder, const char *script, GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                  G_SUBPROCESS_FLAGS_STDERR_PIPE);
    g_autoptr(GSubprocess) process = NULL;
    g_autofree char *drawn = NULL;
    g_autofree char *complaint = NULL;

    g_subprocess_launcher_set_cwd(launcher, folder);
    g_subprocess_launcher_setenv(launcher, "HOME", folder, TRUE);
    g_subprocess_launcher_setenv(launcher, "LC_ALL", "C.UTF-8", TRUE);
    process =
        g_subprocess_launcher_spawn(launcher, error, PROGRAM, "--default-settings", "-", NULL);
    if (!process ||
        !g_subprocess_communicate_utf8(process, script, NULL, &drawn, &complaint, error))
        return NULL;
    if (!g_subprocess_get_successful(process) || !drawn || !strstr(drawn, "</svg>")) {
        failure_set(error, FAILURE_FAILED, "gnuplot could not draw: %s",
                    complaint ? g_strstrip(complaint) : "no message");
        return NULL;
    }
    return g_steal_pointer(&drawn);
}

static void
replace(char **text, const char *pattern, const char *with)
{
    g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_CASELESS, 0, NULL);
    char *replaced = g_regex_replace(regex, *text, -1, 0, with, 0, NULL);

    g_free(*text);
    *text = replaced;
}

static char *
fit_for_page(const char *drawn, const char *name, const char *alt)
{
    const char *body = strstr(drawn, "<svg");
    g_autofree char *label = g_markup_escape_text(alt, -1);
    g_autofree char *ids = g_strdup_printf("\\1%s-\\2", name);
    g_autofree char *opening =
        g_strdup_printf("<svg role=\"img\" aria-labelledby=\"%s-t\" "
                        "xmlns=\"http://www.w3.org/2000/svg\" "
                        "xmlns:xlink=\"http://www.w3.org/1999/xlink\" viewBox=\"\\1\">"
                        "<title id=\"%s-t\">",
                        name, name);
    char *text = g_strdup(body);
    char **parts;
    char *whole;

    replace(&text, "<desc>[^<]*</desc>", "");
    replace(&text, "(\\bid=['\"]|href=['\"]#|url\\(#)([A-Za-z_])", ids);
    replace(&text, "<svg[^>]*viewBox=\"([^\"]*)\"[^>]*>\\s*<title>[^<]*</title>", opening);
    replace(&text, "rgb\\( *1, *2, *3\\)|#010203", "currentColor");
    replace(&text, "fill=\"black\"|fill='black'", "fill=\"currentColor\"");
    replace(&text, "color=\"white\"|color=\"black\"", "");
    replace(&text, "<g [^>]*>\\s*</g>\\s*", "");

    parts = g_strsplit(text, "-t\">", 2);
    whole = g_strconcat(parts[0], "-t\">", label, "</title>", parts[1] ? parts[1] : "", NULL);
    g_strfreev(parts);
    g_free(text);
    return whole;
}

char *
gnuplot_draw(const char *name, int width, int height, const char *alt, const char *script,
             GError **error)
{
    g_autofree char *folder = g_dir_make_tmp("correlate-XXXXXX", error);
    g_autofree char *whole =
        g_strdup_printf("set terminal svg size %d,%d dynamic font 'sans-serif,14' noenhanced\n"
                        "set encoding utf8\n%s\n",
                        width, height, script);
    g_autofree char *drawn = NULL;

    if (!folder)
        return NULL;
    drawn = run_in(folder, whole, error);
    g_rmdir(folder);
    return drawn ? fit_for_page(drawn, name, alt) : NULL;
}
