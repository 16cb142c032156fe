/* SPDX-License-Identifier: GPL-3.0-or-later */
/* correlate export --exits on planted rows. */
#include "correlate/report/exit_writer.h"

#include <string.h>

#include "common/base/failure.h"
#include "tests/support/dataset_file.h"

typedef struct {
    int tick;
    const char *reason;
    uint64_t count, time_ns;
} Planted;

/* One visit of one guest; each tick has the same moment for all its rows. */
static void
plant(const char *path, const Planted *rows, size_t n)
{
    g_autoptr(DatasetWriter) writer = dataset_writer(path);
    const ConditionRow condition = { .name = "quiet" };
    GuestRow guest = guest_row_none;
    VisitRow visit = visit_row_none;
    int64_t guest_id;

    guest.name = "web";
    guest.role = "micro";
    guest.vcpus = 1;
    visit.repeat = visit.position = 1;
    visit.kind = "step";
    visit.step_percent = 100;
    visit.state = "done";
    assert_ok(writer_begin(writer, &error_) && writer_run(writer, &dataset_run, &error_));
    assert_ok(writer_condition(writer, &condition, &visit.condition_id, &error_));
    assert_ok(writer_guest(writer, &guest, &guest_id, &error_));
    assert_ok(writer_visit(writer, &visit, &error_));
    for (size_t i = 0; i < n; i++) {
        const ExitSampleRow row = {
            .key = { guest_id, 0, visit.id, { .raw_ns = rows[i].tick * NS_PER_SECOND } },
            .reason = rows[i].reason,
            .count = rows[i].count,
            .time_ns = rows[i].time_ns,
        };

        assert_ok(writer_exit_sample(writer, &row, &error_));
    }
    assert_ok(writer_commit(writer, &error_) && writer_finish(writer, "complete", &error_));
}

static char *export(const char *path, const char *format)
{
    g_autoptr(DatasetReader) reader = NULL;
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    assert_ok(reader = dataset_reader_open(path, &error_));
    assert_ok(exit_writer_write(reader, format, out, &error_));
    fclose(out);
    return text;
}

static void
a_reason_grows_from_the_visits_first_moment(void **state)
{
    static const Planted rows[] = {
        { 1, "HLT", 100, 5000 }, { 2, "HLT", 110, 6000 }, { 2, "io", 3, 70 },
        { 3, "HLT", 130, 9000 }, { 3, "io", 4, 90 },
    };
    const DatasetPlace *place = *state;
    char *text;

    plant(place->path, rows, G_N_ELEMENTS(rows));
    text = export(place->path, "csv");
    /* I/O had not happened at the first moment, so all of it is the visit's. */
    assert_string_equal(text, "condition,visit_id,kind,repeat,step_percent,vp_percent,load_percent,"
                              "guest,role,vcpu,reason,span_ns,count,time_ns\n"
                              "quiet,1,step,1,100,,,web,micro,0,HLT,2000000000,30,4000\n"
                              "quiet,1,step,1,100,,,web,micro,0,io,2000000000,4,90\n");
    free(text);
}

static void
a_sum_that_drops_began_anew(void **state)
{
    static const Planted rows[] = {
        { 1, "HLT", 100, 5000 },
        { 2, "HLT", 110, 6000 },
        { 3, "HLT", 7, 10 }, /* the vCPU was unplugged, and another plugged */
        { 4, "HLT", 9, 30 },
    };
    const DatasetPlace *place = *state;
    char *text;

    plant(place->path, rows, G_N_ELEMENTS(rows));
    text = export(place->path, "json");
    assert_non_null(strstr(text, "\"reason\":\"HLT\""));
    assert_non_null(strstr(text, "\"count\":12,\"time_ns\":1020}"));
    free(text);
}

static void
without_exits_there_is_the_heading_alone(void **state)
{
    const DatasetPlace *place = *state;
    char *text;

    dataset_example(place->path);
    text = export(place->path, "csv");
    assert_null(strchr(text, '\n')[1] ? text : NULL);
    free(text);
}

#define IN_A_PLACE(test) \
    cmocka_unit_test_setup_teardown(test, dataset_place_set_up, dataset_place_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PLACE(a_reason_grows_from_the_visits_first_moment),
        IN_A_PLACE(a_sum_that_drops_began_anew),
        IN_A_PLACE(without_exits_there_is_the_heading_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
