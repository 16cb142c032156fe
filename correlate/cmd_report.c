/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include <glib/gstdio.h>

#include "common/base/failure.h"
#include "correlate/command.h"
#include "correlate/report/figure.h"
#include "correlate/report/gnuplot.h"
#include "correlate/report/html_document.h"

/* An SVG of its own needs a colour where a page would give one. */
static bool
save_figure(const char *folder, const Figure *figure, GError **error)
{
    g_autofree char *name = g_strconcat(figure->name, ".svg", NULL);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *text =
        g_strconcat("<svg color=\"#333333\" ", figure->svg + strlen("<svg "), "\n", NULL);

    return g_file_set_contents(path, text, -1, error);
}

static bool
save_figures(const char *folder, const GPtrArray *figures, GError **error)
{
    if (g_mkdir_with_parents(folder, 0755) < 0)
        return failure_set_errno(error, errno, "%s", folder);
    for (guint i = 0; i < figures->len; i++)
        if (((const Figure *) figures->pdata[i])->svg &&
            !save_figure(folder, figures->pdata[i], error))
            return false;
    return true;
}

bool
cmd_report(int argc, char **argv, GError **error)
{
    g_autofree char *output = NULL;
    g_autofree char *folder = NULL;
    g_auto(GStrv) controls = NULL;
    const GOptionEntry entries[] = {
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Write to FILE, not stdout", "FILE" },
        { "figures", 0, 0, G_OPTION_ARG_FILENAME, &folder, "Save the figures as SVG files in DIR",
          "DIR" },
        { "control", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &controls,
          "Score this dataset of a control plan too (may be repeated)", "FILE" },
        { NULL },
    };
    g_autoptr(Analysis) analysis = NULL;
    g_autoptr(GPtrArray) figures = NULL;
    g_autofree char *page = NULL;

    if (!command_parse("FILE",
                       "Writes what validate finds, with figures, as one HTML file that opens "
                       "anywhere. Figures need gnuplot; without it the page says so.",
                       entries, 1, 1, &argc, &argv, error))
        return false;

    analysis = analysis_with_controls(argv[1], controls, error);
    if (!analysis)
        return false;
    figures = figures_draw(analysis);
    if (folder && !save_figures(folder, figures, error))
        return false;
    page = html_document(analysis, figures);
    return command_output(output, page, error);
}
