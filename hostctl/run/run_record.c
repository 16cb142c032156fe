/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/run_record.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/clock.h"
#include "common/base/failure.h"
#include "common/json/document.h"
#include "hostctl/process_id.h"

#define FILE_MODE 0640
#define NUMBERS_MAX 10000

static const char *const states[] = { "starting", "running", "complete", "interrupted", "failed" };

#define TEXT(member)                                                             \
    {                                                                            \
#member, json_read_string, offsetof(RunRecord, member), .required = true \
    }
#define NUMBER(member)                                                                       \
    {                                                                                        \
#member, json_read_int64, offsetof(RunRecord, member), .low = -1, .high = INT64_MAX, \
                                                               .required = true              \
    }
static const JsonField fields[] = {
    TEXT(id),
    TEXT(plan),
    TEXT(dataset),
    TEXT(log),
    TEXT(state),
    TEXT(message),
    TEXT(boot_id),
    NUMBER(pid),
    NUMBER(starttime),
    NUMBER(visits_done),
    NUMBER(visits_total),
    NUMBER(left_ns),
    NUMBER(started_wall_ns),
    NUMBER(updated_wall_ns),
};

void
run_record_free(RunRecord *record)
{
    if (!record)
        return;

    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (fields[i].read == json_read_string)
            g_free(G_STRUCT_MEMBER(char *, record, fields[i].offset));
    g_free(record->path);
    g_free(record);
}

void
run_record_set(char **member, const char *text)
{
    g_free(*member);
    *member = g_strdup(text);
}

void
run_record_claim(RunRecord *record)
{
    uint64_t starttime = 0;

    process_starttime(getpid(), &starttime);
    g_free(record->boot_id);
    record->boot_id = process_boot_id();
    record->pid = getpid();
    record->starttime = (int64_t) starttime;
}

bool
run_record_write(RunRecord *record, GError **error)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;

    record->updated_wall_ns = clock_wall_ns();
    json_builder_begin_object(builder);
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        json_builder_set_member_name(builder, fields[i].key);
        if (fields[i].read == json_read_string)
            json_builder_add_string_value(builder,
                                          G_STRUCT_MEMBER(char *, record, fields[i].offset));
        else
            json_builder_add_int_value(builder, G_STRUCT_MEMBER(int64_t, record, fields[i].offset));
    }
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    text = json_to_string(root, TRUE);
    return g_file_set_contents_full(record->path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT,
                                    FILE_MODE, error);
}

/* The name is taken by making the file: two that begin at once get two numbers. */
static bool
take_number(RunRecord *record, const char *folder, const char *name, GError **error)
{
    for (unsigned number = 1; number < NUMBERS_MAX; number++) {
        g_autofree char *id = g_strdup_printf("%s-%u", name, number);
        g_autofree char *file = g_strconcat(id, ".json", NULL);
        g_autofree char *log = g_strconcat(id, ".log", NULL);
        g_autofree char *path = g_build_filename(folder, file, NULL);
        autofd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);

        if (fd < 0 && errno != EEXIST)
            return failure_set_errno(error, errno, "%s", path);
        if (fd < 0)
            continue;
        record->id = g_steal_pointer(&id);
        record->path = g_steal_pointer(&path);
        record->log = g_build_filename(folder, log, NULL);
        return true;
    }
    return failure_set(error, FAILURE_FAILED, "%s holds %d runs: remove what is no more wanted",
                       folder, NUMBERS_MAX);
}

RunRecord *
run_record_new(const State *state, const char *name, const char *plan, const char *dataset,
               GError **error)
{
    g_autoptr(RunRecord) record = g_new0(RunRecord, 1);
    g_autofree char *folder = state_file(state, "runs");

    if (g_mkdir_with_parents(folder, 0755) < 0) {
        failure_set_errno(error, errno, "%s", folder);
        return NULL;
    }
    if (!take_number(record, folder, name, error))
        return NULL;
    record->plan = g_canonicalize_filename(plan, NULL);
    record->dataset = g_canonicalize_filename(dataset, NULL);
    run_record_set(&record->state, "starting");
    run_record_set(&record->message, "");
    record->left_ns = -1;
    record->started_wall_ns = clock_wall_ns();
    run_record_claim(record);
    if (!run_record_write(record, error))
        return NULL;
    return g_steal_pointer(&record);
}

static RunRecord *
load(const char *path)
{
    g_autoptr(JsonNode) node = json_document_load(path, NULL);
    g_autoptr(RunRecord) record = g_new0(RunRecord, 1);
    const JsonPlace place = { path, "$", node };

    if (!node || !json_read_object(&place, fields, G_N_ELEMENTS(fields), record, NULL) ||
        !g_strv_contains(
            (const char *const[]){ states[0], states[1], states[2], states[3], states[4], NULL },
            record->state))
        return NULL;
    record->path = g_strdup(path);
    return g_steal_pointer(&record);
}

static int
by_start(const void *a, const void *b)
{
    const RunRecord *x = *(RunRecord *const *) a, *y = *(RunRecord *const *) b;

    return (x->started_wall_ns > y->started_wall_ns) - (x->started_wall_ns < y->started_wall_ns);
}

GPtrArray *
run_record_list(const State *state)
{
    GPtrArray *records = g_ptr_array_new_with_free_func((GDestroyNotify) run_record_free);
    g_autofree char *folder = state_file(state, "runs");
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        RunRecord *record = g_str_has_suffix(name, ".json") ? load(path) : NULL;

        if (record)
            g_ptr_array_add(records, record);
    }
    g_ptr_array_sort(records, by_start);
    return records;
}

static bool
says_it_runs(const RunRecord *record)
{
    return g_str_equal(record->state, states[0]) || g_str_equal(record->state, states[1]);
}

const char *
run_record_state(const RunRecord *record)
{
    g_autofree char *boot_id = process_boot_id();
    uint64_t starttime;

    if (!says_it_runs(record) || (g_str_equal(boot_id, record->boot_id) &&
                                  process_starttime((pid_t) record->pid, &starttime) &&
                                  (int64_t) starttime == record->starttime))
        return record->state;
    return "killed";
}

int64_t
run_record_left_ns(const RunRecord *record, int64_t now_wall_ns)
{
    if (record->left_ns < 0 || !g_str_equal(run_record_state(record), "running"))
        return -1;
    return MAX(0, record->left_ns - MAX(0, now_wall_ns - record->updated_wall_ns));
}
