/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "common/base/failure.h"
#include "common/dataset/query.h"
#include "common/dataset/reader_private.h"

#define FIELD(type, column, kind, member)    \
    {                                        \
        column, kind, offsetof(type, member) \
    }
#define SAME(type, kind, member) FIELD(type, #member, kind, member)

static const QueryField run_fields[] = {
    SAME(DatasetRun, QUERY_NAME, uuid),           SAME(DatasetRun, QUERY_NAME, name),
    SAME(DatasetRun, QUERY_NAME, command),        SAME(DatasetRun, QUERY_NAME, state),
    SAME(DatasetRun, QUERY_NAME, tool_version),   SAME(DatasetRun, QUERY_NAME, counters),
    SAME(DatasetRun, QUERY_TEXT, accelerator),    SAME(DatasetRun, QUERY_TEXT, connect),
    SAME(DatasetRun, QUERY_TEXT, pool),           SAME(DatasetRun, QUERY_TEXT, load),
    SAME(DatasetRun, QUERY_TEXT, cpu_model),      SAME(DatasetRun, QUERY_TEXT, microcode),
    SAME(DatasetRun, QUERY_TEXT, kernel),         SAME(DatasetRun, QUERY_TEXT, qemu),
    SAME(DatasetRun, QUERY_TEXT, libvirt),        SAME(DatasetRun, QUERY_TEXT, mitigations),
    SAME(DatasetRun, QUERY_TEXT, host_facts),     SAME(DatasetRun, QUERY_TEXT, plan),
    SAME(DatasetRun, QUERY_INT, started_wall_ns), SAME(DatasetRun, QUERY_INT, ended_wall_ns),
    SAME(DatasetRun, QUERY_INT, interval_ns),     SAME(DatasetRun, QUERY_INT, pool_cpus),
    SAME(DatasetRun, QUERY_INT, pool_cores),      SAME(DatasetRun, QUERY_INT, housekeeping),
    SAME(DatasetRun, QUERY_INT, settle_ns),       SAME(DatasetRun, QUERY_INT, drop_ns),
};
static const QueryField event_fields[] = {
    SAME(DatasetEvent, QUERY_NAME, name),
    FIELD(DatasetEvent, "column_name", QUERY_NAME, column),
    FIELD(DatasetEvent, "group_number", QUERY_INT, group),
};
static const QueryField condition_fields[] = {
    SAME(DatasetCondition, QUERY_INT, id),
    SAME(DatasetCondition, QUERY_NAME, name),
    SAME(DatasetCondition, QUERY_TEXT, ksm),
    SAME(DatasetCondition, QUERY_TEXT, balloon),
    SAME(DatasetCondition, QUERY_TEXT, settings),
    SAME(DatasetCondition, QUERY_TEXT, victim_load),
    SAME(DatasetCondition, QUERY_TEXT, culprit_load),
};
static const QueryField guest_fields[] = {
    SAME(DatasetGuest, QUERY_INT, id),
    SAME(DatasetGuest, QUERY_INT, vcpus),
    SAME(DatasetGuest, QUERY_NAME, name),
    SAME(DatasetGuest, QUERY_NAME, role),
    SAME(DatasetGuest, QUERY_TEXT, uuid),
    SAME(DatasetGuest, QUERY_TEXT, facts),
    SAME(DatasetGuest, QUERY_INT, memory_kib),
    SAME(DatasetGuest, QUERY_INT, condition_id),
    SAME(DatasetGuest, QUERY_INT, repeat),
    SAME(DatasetGuest, QUERY_INT, tsc_offset),
    SAME(DatasetGuest, QUERY_INT, tsc_ratio),
    SAME(DatasetGuest, QUERY_INT, tsc_frac_bits),
    SAME(DatasetGuest, QUERY_INT, cpu_quota_percent),
    SAME(DatasetGuest, QUERY_TEXT, scope),
};
static const QueryField visit_fields[] = {
    SAME(DatasetVisit, QUERY_INT, id),
    SAME(DatasetVisit, QUERY_INT, condition_id),
    SAME(DatasetVisit, QUERY_INT, repeat),
    SAME(DatasetVisit, QUERY_INT, position),
    SAME(DatasetVisit, QUERY_NAME, kind),
    SAME(DatasetVisit, QUERY_NAME, state),
    SAME(DatasetVisit, QUERY_REAL, step_percent),
    SAME(DatasetVisit, QUERY_REAL, vp_percent),
    SAME(DatasetVisit, QUERY_REAL, load_percent),
    SAME(DatasetVisit, QUERY_REAL, core_percent),
    SAME(DatasetVisit, QUERY_INT, bulk_running),
    SAME(DatasetVisit, QUERY_INT, runnable_vcpus),
    SAME(DatasetVisit, QUERY_INT, boundary),
    SAME(DatasetVisit, QUERY_INT, settled),
    SAME(DatasetVisit, QUERY_INT, foreign_ns),
    SAME(DatasetVisit, QUERY_INT, load_raw_ns),
    SAME(DatasetVisit, QUERY_INT, start_raw_ns),
    SAME(DatasetVisit, QUERY_INT, end_raw_ns),
    SAME(DatasetVisit, QUERY_INT, start_wall_ns),
    SAME(DatasetVisit, QUERY_INT, end_wall_ns),
    SAME(DatasetVisit, QUERY_TEXT, pool),
    SAME(DatasetVisit, QUERY_INT, pool_cpus),
    SAME(DatasetVisit, QUERY_INT, pool_cores),
    SAME(DatasetVisit, QUERY_INT, host_hogs),
    SAME(DatasetVisit, QUERY_INT, work_units),
    SAME(DatasetVisit, QUERY_INT, work_ns),
};
static const QueryField ping_fields[] = {
    SAME(DatasetPing, QUERY_INT, guest_id),      SAME(DatasetPing, QUERY_INT, visit_id),
    SAME(DatasetPing, QUERY_INT, t1_ns),         SAME(DatasetPing, QUERY_INT, t2_ns),
    SAME(DatasetPing, QUERY_INT, t3_ns),         SAME(DatasetPing, QUERY_INT, t4_ns),
    SAME(DatasetPing, QUERY_INT, host_tsc),      SAME(DatasetPing, QUERY_INT, guest_tsc),
    SAME(DatasetPing, QUERY_INT, guest_wall_ns),
};
static const QueryField note_fields[] = {
    SAME(DatasetNote, QUERY_INT, wall_ns),
    SAME(DatasetNote, QUERY_INT, visit_id),
    SAME(DatasetNote, QUERY_NAME, severity),
    SAME(DatasetNote, QUERY_NAME, text),
};

static void
clear_texts(void *row, const QueryField *fields, size_t n_fields)
{
    for (size_t i = 0; i < n_fields; i++)
        if (fields[i].kind == QUERY_TEXT || fields[i].kind == QUERY_NAME)
            g_free(*(char **) ((char *) row + fields[i].offset));
}

#define CLEAR(name, fields)                             \
    static void name(void *row)                         \
    {                                                   \
        clear_texts(row, fields, G_N_ELEMENTS(fields)); \
    }
CLEAR(clear_event, event_fields)
CLEAR(clear_condition, condition_fields)
CLEAR(clear_guest, guest_fields)
CLEAR(clear_visit, visit_fields)
CLEAR(clear_note, note_fields)

static bool
load_run(DatasetReader *reader, GError **error)
{
    DatasetRun *run = &reader->facts.run;
    GString *sql = query_select(reader->columns, "run", run_fields, G_N_ELEMENTS(run_fields));
    autostatement sqlite3_stmt *statement = query_prepare(reader->db, sql->str, error);
    int got;

    g_string_free(sql, TRUE);
    if (!statement || (got = query_step(statement, error)) < 0)
        return false;
    if (got == 0)
        return failure_set(error, FAILURE_FAILED, "%s: holds no run yet", reader->path);

    query_fill(statement, run_fields, G_N_ELEMENTS(run_fields), run);
    if (run->interval_ns <= 0)
        return failure_set(error, FAILURE_FAILED, "%s: the run's interval is not positive",
                           reader->path);
    return true;
}

static bool
load_has_phases(DatasetReader *reader, GError **error)
{
    autostatement sqlite3_stmt *statement = NULL;
    int got;

    if (!query_has_column(reader->columns, "phase", "position"))
        return true;
    statement = query_prepare(reader->db, "SELECT 1 FROM phase LIMIT 1", error);
    if (!statement || (got = query_step(statement, error)) < 0)
        return false;
    reader->facts.has_phases = got > 0;
    return true;
}

bool
reader_load_facts(DatasetReader *reader, GError **error)
{
    DatasetFacts *facts = &reader->facts;
    sqlite3 *db = reader->db;
    GHashTable *columns = reader->columns;

#define LOAD(table, order, fields, type, clear) \
    query_all(db, columns, table, order, fields, G_N_ELEMENTS(fields), sizeof(type), clear, error)
    return load_run(reader, error) && load_has_phases(reader, error) &&
           (facts->events = LOAD("event", "position", event_fields, DatasetEvent, clear_event)) &&
           (facts->conditions =
                LOAD("condition", "id", condition_fields, DatasetCondition, clear_condition)) &&
           (facts->guests = LOAD("guest", "id", guest_fields, DatasetGuest, clear_guest)) &&
           (facts->visits = LOAD("visit", "position, id", visit_fields, DatasetVisit, clear_visit));
#undef LOAD
}

void
reader_clear_facts(DatasetFacts *facts)
{
    clear_texts(&facts->run, run_fields, G_N_ELEMENTS(run_fields));
    g_clear_pointer(&facts->events, g_array_unref);
    g_clear_pointer(&facts->conditions, g_array_unref);
    g_clear_pointer(&facts->guests, g_array_unref);
    g_clear_pointer(&facts->visits, g_array_unref);
}

const DatasetVisit *
dataset_facts_visit(const DatasetFacts *facts, int64_t id)
{
    for (guint i = 0; i < facts->visits->len; i++)
        if (g_array_index(facts->visits, DatasetVisit, i).id == id)
            return &g_array_index(facts->visits, DatasetVisit, i);
    return NULL;
}

const DatasetGuest *
dataset_facts_guest(const DatasetFacts *facts, int64_t id)
{
    for (guint i = 0; i < facts->guests->len; i++)
        if (g_array_index(facts->guests, DatasetGuest, i).id == id)
            return &g_array_index(facts->guests, DatasetGuest, i);
    return NULL;
}

const DatasetCondition *
dataset_facts_condition(const DatasetFacts *facts, int64_t id)
{
    for (guint i = 0; i < facts->conditions->len; i++)
        if (g_array_index(facts->conditions, DatasetCondition, i).id == id)
            return &g_array_index(facts->conditions, DatasetCondition, i);
    return NULL;
}

bool
dataset_reader_pings(DatasetReader *reader, DatasetPingFunc each, void *data, GError **error)
{
    GString *sql =
        query_select(reader->columns, "clock_ping", ping_fields, G_N_ELEMENTS(ping_fields));
    autostatement sqlite3_stmt *statement = NULL;
    int got = -1;

    g_string_append(sql, " ORDER BY rowid");
    statement = query_prepare(reader->db, sql->str, error);
    g_string_free(sql, TRUE);
    while (statement && (got = query_step(statement, error)) > 0) {
        DatasetPing ping;

        query_fill(statement, ping_fields, G_N_ELEMENTS(ping_fields), &ping);
        if (!each(&ping, data, error))
            return false;
    }
    return got == 0;
}

bool
dataset_reader_notes(DatasetReader *reader, guint limit, GArray **ret_notes, GError **error)
{
    g_autofree char *order = g_strdup_printf("(severity = 'info'), rowid LIMIT %u", limit);
    GArray *notes = query_all(reader->db, reader->columns, "note", order, note_fields,
                              G_N_ELEMENTS(note_fields), sizeof(DatasetNote), clear_note, error);

    if (!notes)
        return false;
    *ret_notes = notes;
    return true;
}
