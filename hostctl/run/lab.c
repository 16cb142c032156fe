/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/lab.h"

bool
lab_note(Lab *lab, int64_t visit_id, int64_t guest_id, const char *severity, GError **error,
         const char *format, ...)
{
    g_autofree char *text = NULL;
    NoteRow row = { stamp_now(), visit_id, guest_id, severity, NULL };
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    row.text = text;
    return writer_begin(lab->writer, error) && writer_note(lab->writer, &row, error) &&
           writer_commit(lab->writer, error);
}

bool
lab_has_visit(const Lab *lab, unsigned position)
{
    return lab->resume && position < lab->resume->n_visits && lab->resume->made[position];
}
