/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/report/exit_writer.h"

#include "correlate/report/row_writer.h"

static const char *const names[] = {
    "condition", "visit_id", "kind", "repeat", "step_percent", "vp_percent", "load_percent",
    "guest",     "role",     "vcpu", "reason", "span_ns",      "count",      "time_ns",
};

typedef struct {
    const DatasetFacts *facts;
    RowWriter *rows;
} Output;

/* Rows of a visit or guest that the file does not have belong to nobody. */
static bool
write_row(const DatasetExits *row, void *data, GError **error)
{
    const Output *output = data;
    const DatasetVisit *visit = dataset_facts_visit(output->facts, row->visit_id);
    const DatasetGuest *guest = dataset_facts_guest(output->facts, row->guest_id);
    const DatasetCondition *condition;
    RowWriter *rows = output->rows;

    if (!visit || !guest)
        return true;
    condition = dataset_facts_condition(output->facts, visit->condition_id);
    row_writer_text(rows, condition ? condition->name : "");
    row_writer_integer(rows, visit->id);
    row_writer_text(rows, visit->kind);
    row_writer_integer(rows, visit->repeat);
    row_writer_number(rows, visit->step_percent);
    row_writer_number(rows, visit->vp_percent);
    row_writer_number(rows, visit->load_percent);
    row_writer_text(rows, guest->name);
    row_writer_text(rows, guest->role);
    row_writer_integer(rows, row->vcpu);
    row_writer_text(rows, row->reason);
    row_writer_integer(rows, row->span_ns);
    row_writer_integer(rows, row->count);
    row_writer_integer(rows, row->time_ns);
    return row_writer_end(rows, error);
}

bool
exit_writer_write(DatasetReader *reader, const char *format, FILE *out, GError **error)
{
    g_autoptr(RowWriter) rows = row_writer_new(format, out, error);
    Output output = { dataset_reader_facts(reader), rows };

    if (!rows)
        return false;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        row_writer_name(rows, names[i], NULL);
    row_writer_heading(rows);
    return dataset_reader_exits(reader, write_row, &output, error);
}
