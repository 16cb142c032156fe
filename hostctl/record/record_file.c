/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/record/record_file.h"

#include "common/base/cpuset.h"

static bool
begin_visit(RecordFile *file, GError **error)
{
    const ConditionRow condition = { .name = "as found" };
    uint64_t position = file->visit.id ? file->visit.position + 1 : 1;
    int64_t condition_id = file->visit.condition_id;

    if (!condition_id && !writer_condition(file->writer, &condition, &condition_id, error))
        return false;
    file->visit = visit_row_none;
    file->visit.condition_id = condition_id;
    file->visit.repeat = position;
    file->visit.position = position;
    file->visit.kind = "step";
    file->visit.step_percent = 0;
    file->visit.state = "running";
    file->visit.start_raw_ns = clock_raw_ns();
    file->visit.start_wall_ns = clock_wall_ns();
    return writer_visit(file->writer, &file->visit, error);
}

static bool
end_visit(RecordFile *file, GError **error)
{
    file->visit.end_raw_ns = clock_raw_ns();
    file->visit.end_wall_ns = clock_wall_ns();
    file->visit.state = "done";
    return writer_visit(file->writer, &file->visit, error);
}

static bool
write_run(DatasetWriter *writer, const RecordSetup *setup, const HostFacts *facts,
          int64_t interval_ns, GError **error)
{
    g_autofree char *uuid = g_uuid_string_random();
    g_autofree char *pool = cpuset_format(&facts->online);
    g_autofree char *facts_json = host_facts_to_json(facts);
    const RunRow row = {
        .uuid = uuid,
        .name = "record",
        .command = "record",
        .started_wall_ns = clock_wall_ns(),
        .counters = counter_source_name(setup->source),
        .pool = pool,
        .pool_cpus = (uint64_t) CPU_COUNT(&facts->online),
        .pool_cores = facts->cores,
        .housekeeping = 0,
        .interval_ns = (uint64_t) interval_ns,
        .settle_ns = 0,
        .drop_ns = 0,
        .cpu_model = facts->cpu_model,
        .microcode = facts->microcode,
        .kernel = facts->kernel,
        .mitigations = facts->mitigations,
        .host_facts = facts_json,
    };

    return writer_run(writer, &row, error);
}

bool
record_file_open(const char *path, bool replace, const RecordSetup *setup, const HostFacts *facts,
                 int64_t interval_ns, RecordFile *ret_file, GError **error)
{
    g_autoptr(DatasetWriter) writer = NULL;
    RecordFile file = { 0 };
    WriterEvent events[EVENT_MAX];
    size_t n = 0;

    for (const char *const *event = setup->events; *event; event++)
        events[n++] = (WriterEvent){ *event, 0 };
    if (!writer_open(path, replace ? WRITER_REPLACE : WRITER_NEW, events, n, &writer, error))
        return false;
    file.writer = writer;
    if (!writer_begin(writer, error) || !write_run(writer, setup, facts, interval_ns, error) ||
        !begin_visit(&file, error) || !writer_commit(writer, error))
        return false;
    *ret_file = file;
    writer = NULL;
    return true;
}

bool
record_file_next_visit(RecordFile *file, GError **error)
{
    return end_visit(file, error) && begin_visit(file, error);
}

bool
record_file_note(RecordFile *file, int64_t guest_id, const char *text, GError **error)
{
    const NoteRow row = { stamp_now(), file->visit.id, guest_id, "info", text };

    return writer_note(file->writer, &row, error);
}

bool
record_file_close(RecordFile *file, bool recorded, uint64_t *ret_bytes, GError **error)
{
    WriterDisk disk = { 0 };
    bool ended;

    writer_rollback(file->writer);
    ended = writer_begin(file->writer, error) && end_visit(file, error) &&
            writer_commit(file->writer, error) && writer_disk(file->writer, &disk, error);
    *ret_bytes = disk.used_bytes;
    return writer_finish(file->writer, recorded ? "complete" : "failed", ended ? error : NULL) &&
           ended;
}
