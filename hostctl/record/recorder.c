/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/record/recorder.h"

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "common/base/pace.h"
#include "common/base/text.h"
#include "hostctl/collect/host_facts.h"
#include "hostctl/collect/qemu_list.h"
#include "hostctl/collect/sched.h"
#include "hostctl/record/disk_bound.h"
#include "hostctl/record/record_file.h"
#include "hostctl/run/exit_rows.h"
#include "hostctl/run/host_rows.h"

#define LOOK_NS (5 * NS_PER_SECOND)     /* who came and who went */
#define SLOW_NS (60 * NS_PER_SECOND)    /* memory, and the log into the file */
#define EXITS_NS (10 * NS_PER_SECOND)   /* why vCPUs left their guests */
#define BOUND_NS (10 * NS_PER_SECOND)   /* how much disk is used */
#define VISIT_NS (3600 * NS_PER_SECOND) /* what a kill can cost those who read whole visits */
#define DESCRIPTORS_PER_VCPU (2 * EVENT_MAX + 2)
#define DESCRIPTORS_OWN 64
#define NAME_BYTES_MAX 128

struct Recorder {
    const RecorderOptions *options;
    const RecordSetup *setup;
    HostFacts *facts;
    RecordFile file;
    CpuTimes *cpu_times;
    TaskTimes *task_times;
    QemuList *list;
    GPtrArray *guests; /* RecordedGuest */
    bool look_again, forgot;
    int64_t look_ns, slow_ns, bound_ns, exits_ns, begin_ns;
    uint64_t exits_missed;
    uint64_t begin_cpu_ns;
    RecorderCost cost;
};

/* For people, and as a note in the dataset, in the open transaction. */
G_GNUC_PRINTF(4, 5)
static bool
note(Recorder *recorder, int64_t guest_id, GError **error, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    if (recorder->options->say)
        recorder->options->say(text);
    return record_file_note(&recorder->file, guest_id, text, error);
}

static bool
note_problem(Recorder *recorder, RecordedGuest *guest, GError **error)
{
    g_autofree char *problem = recorded_guest_take_problem(guest);
    g_autofree char *name = text_printable(recorded_guest_name(guest), NAME_BYTES_MAX);

    return !problem ||
           note(recorder, recorded_guest_row(guest), error, "%s: not counted: %s", name, problem);
}

static bool
meet(Recorder *recorder, const QemuProcess *process, GError **error)
{
    g_autofree char *name = text_printable(process->guest, NAME_BYTES_MAX);
    g_autoptr(GError) problem = NULL;
    RecordedGuest *guest;

    sched_raise_limit(DESCRIPTORS_OWN +
                          (recorder_vcpus(recorder) + process->vcpus->len) * DESCRIPTORS_PER_VCPU,
                      NULL); /* few events may fit all the same */
    guest = recorded_guest_new(recorder->setup, process, recorder->file.writer, &problem);
    if (problem) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    if (!guest)
        return true;
    g_ptr_array_add(recorder->guests, guest);
    task_times_follow(recorder->task_times, process, true, NULL);
    return note(recorder, recorded_guest_row(guest), error, "%s: recorded, %u vCPUs (process %d)",
                name, recorded_guest_vcpus(guest), (int) process->pid) &&
           note_problem(recorder, guest, error);
}

static RecordedGuest *
find(const Recorder *recorder, const QemuProcess *process)
{
    for (guint i = 0; i < recorder->guests->len; i++)
        if (recorded_guest_is(recorder->guests->pdata[i], process))
            return recorder->guests->pdata[i];
    return NULL;
}

/* One that still runs is followed; what others do with the CPUs counts as foreign. */
static bool
look_at(Recorder *recorder, const QemuProcess *process, GError **error)
{
    RecordedGuest *guest = find(recorder, process);

    if (guest)
        return recorded_guest_follow(guest, process, error);
    if (qemu_process_is_among(process, recorder->options->domains))
        return meet(recorder, process, error);
    task_times_follow(recorder->task_times, process, false, NULL);
    return true;
}

static bool
drop_ended(Recorder *recorder, const GPtrArray *processes, GError **error)
{
    for (guint i = recorder->guests->len; i > 0; i--) {
        RecordedGuest *guest = recorder->guests->pdata[i - 1];
        g_autofree char *name = text_printable(recorded_guest_name(guest), NAME_BYTES_MAX);
        bool runs = false;

        for (guint j = 0; j < processes->len; j++)
            runs = runs || recorded_guest_is(guest, processes->pdata[j]);
        if (runs)
            continue;
        if (!note(recorder, recorded_guest_row(guest), error, "%s: has ended", name))
            return false;
        g_ptr_array_remove_index(recorder->guests, i - 1);
    }
    return true;
}

/* In an open transaction. */
static bool
look(Recorder *recorder, GError **error)
{
    const GPtrArray *processes;

    if (!qemu_list_look(recorder->list, error))
        return false;
    processes = qemu_list_processes(recorder->list);
    if (!drop_ended(recorder, processes, error))
        return false;
    for (guint i = 0; i < processes->len; i++)
        if (!look_at(recorder, processes->pdata[i], error))
            return false;
    recorder->look_again = false;
    return true;
}

static bool
note_exits(Recorder *recorder, GError **error)
{
    const char *problem = recorder->setup->exits_problem;

    return !problem || note(recorder, 0, error, "VM exits are not recorded: %s", problem);
}

Recorder *
recorder_new(const RecorderOptions *options, const RecordSetup *setup, GError **error)
{
    g_autoptr(Recorder) recorder = g_new0(Recorder, 1);

    recorder->options = options;
    recorder->setup = setup;
    recorder->facts = host_facts_read(setup->root);
    recorder->list = qemu_list_new(setup->root);
    recorder->guests = g_ptr_array_new_with_free_func((GDestroyNotify) recorded_guest_free);
    recorder->task_times = task_times_new(setup->root);
    recorder->cpu_times = cpu_times_new(setup->root, error);
    if (!recorder->cpu_times ||
        !record_file_open(options->output, options->replace, setup, recorder->facts,
                          options->interval_ns, &recorder->file, error) ||
        !writer_begin(recorder->file.writer, error) || !note_exits(recorder, error) ||
        !look(recorder, error) || !writer_commit(recorder->file.writer, error))
        return NULL;
    return g_steal_pointer(&recorder);
}

void
recorder_free(Recorder *recorder)
{
    if (!recorder)
        return;

    qemu_list_free(recorder->list);
    g_ptr_array_unref(recorder->guests);
    g_clear_pointer(&recorder->cpu_times, cpu_times_free);
    task_times_free(recorder->task_times);
    writer_free(recorder->file.writer);
    host_facts_free(recorder->facts);
    g_free(recorder);
}

static bool
write_memory(Recorder *recorder, GError **error)
{
    if (!host_rows_memory(recorder->file.writer, recorder->setup->root, recorder->file.visit.id,
                          error))
        return false;
    for (guint i = 0; i < recorder->guests->len; i++)
        if (!recorded_guest_memory(recorder->guests->pdata[i], recorder->file.writer,
                                   recorder->file.visit.id, error))
            return false;
    return true;
}

/* True once in each period. */
static bool
is_due(int64_t *next_ns, int64_t period_ns)
{
    int64_t now_ns = clock_raw_ns();

    if (now_ns < *next_ns)
        return false;
    *next_ns = now_ns + period_ns;
    return true;
}

static bool
write_tick(Recorder *recorder, GError **error)
{
    if (!host_rows_cpus(recorder->file.writer, recorder->cpu_times, &recorder->facts->online,
                        recorder->file.visit.id, error))
        return false;
    for (guint i = 0; i < recorder->guests->len; i++) {
        RecordedGuest *guest = recorder->guests->pdata[i];

        if (!recorded_guest_tick(guest, recorder->file.writer, recorder->file.visit.id,
                                 &recorder->look_again, error) ||
            !note_problem(recorder, guest, error))
            return false;
    }
    return host_rows_tasks(recorder->file.writer, recorder->task_times, recorder->file.visit.id,
                           error);
}

/* In an open transaction. */
static bool
write_exits(Recorder *recorder, GError **error)
{
    Exits *exits = recorder->setup->exits;
    g_autofree char *missed = NULL;

    if (!exits)
        return true;
    if (!exits_read(exits, error))
        return false;
    for (guint i = 0; i < recorder->guests->len; i++)
        if (!recorded_guest_exits(recorder->guests->pdata[i], recorder->file.writer,
                                  recorder->file.visit.id, error))
            return false;
    missed = exit_rows_missed(exits, &recorder->exits_missed);
    return !missed || note(recorder, 0, error, "%s", missed);
}

/* A visit ends and begins with its exits, so that their difference is its own. */
static bool
next_visit(Recorder *recorder, GError **error)
{
    return write_exits(recorder, error) && record_file_next_visit(&recorder->file, error) &&
           write_exits(recorder, error);
}

/* One transaction: what a kill can cost. */
static bool
tick(Recorder *recorder, GError **error)
{
    bool slow = is_due(&recorder->slow_ns, SLOW_NS);

    if (!writer_begin(recorder->file.writer, error))
        return false;
    if ((is_due(&recorder->look_ns, LOOK_NS) || recorder->look_again) && !look(recorder, error))
        return false;
    if (!write_tick(recorder, error) || (slow && !write_memory(recorder, error)) ||
        (is_due(&recorder->exits_ns, EXITS_NS) && !write_exits(recorder, error)))
        return false;
    if (clock_raw_ns() - recorder->file.visit.start_raw_ns > VISIT_NS &&
        !next_visit(recorder, error))
        return false;
    if (!writer_commit(recorder->file.writer, error) ||
        (slow && !writer_checkpoint(recorder->file.writer, error)))
        return false;
    recorder->cost.ticks++;
    recorder->cost.vcpu_ticks += recorder_vcpus(recorder);
    return true;
}

static bool
keep_bound(Recorder *recorder, char **ret_why, GError **error)
{
    const RecorderOptions *options = recorder->options;
    DiskVerdict verdict;

    if (!is_due(&recorder->bound_ns, MIN(BOUND_NS, 10 * options->interval_ns)))
        return true;
    if (!disk_bound_keep(recorder->file.writer, options->max_bytes, options->ring, &verdict, error))
        return false;
    if (verdict == DISK_FULL)
        *ret_why = g_strdup_printf(
            "%s has reached %" G_GUINT64_FORMAT " MiB (--max-mib)%s", options->output,
            options->max_bytes >> 20,
            options->ring ? ", and a program that reads it keeps its log from being emptied"
                          : "; --ring goes on and forgets the oldest");
    if (verdict != DISK_FORGOT || recorder->forgot)
        return true;
    recorder->forgot = true;
    return writer_begin(recorder->file.writer, error) &&
           note(recorder, 0, error,
                "the bound of the disk is near: from here on the oldest "
                "samples are forgotten") &&
           writer_commit(recorder->file.writer, error);
}

/* A tick that comes too late is counted; those that are over are left out. */
static int64_t
next_due(Recorder *recorder, int64_t due_ns)
{
    int64_t interval_ns = recorder->options->interval_ns;
    int64_t next_ns = clock_next_due(due_ns, interval_ns);

    recorder->cost.late += next_ns > due_ns + interval_ns;
    return next_ns;
}

static bool
loop(Recorder *recorder, const Interrupt *interrupt, char **ret_why, GError **error)
{
    int64_t due_ns = recorder->begin_ns;
    int64_t end_ns = recorder->begin_ns + recorder->options->duration_ns;

    while (due_ns <= end_ns && !*ret_why) {
        if (recorder->options->duration_ns < INT64_MAX / 4)
            pace_until("recording", end_ns);
        if (!interrupt_sleep_until(interrupt, due_ns, NULL))
            return true;
        if (!tick(recorder, error) || !keep_bound(recorder, ret_why, error))
            return false;
        due_ns = next_due(recorder, due_ns);
    }
    return true;
}

static bool
write_last_exits(Recorder *recorder, GError **error)
{
    return !recorder->setup->exits ||
           (writer_begin(recorder->file.writer, error) && write_exits(recorder, error) &&
            writer_commit(recorder->file.writer, error));
}

bool
recorder_run(Recorder *recorder, const Interrupt *interrupt, char **ret_why, GError **error)
{
    g_autofree char *why = NULL;
    bool recorded;

    recorder->begin_ns = clock_raw_ns();
    recorder->begin_cpu_ns = (uint64_t) clock_process_cpu_ns();
    recorder->look_ns = recorder->begin_ns + LOOK_NS;
    recorded = loop(recorder, interrupt, &why, error) && write_last_exits(recorder, error);
    recorder->cost.cpu_ns = (uint64_t) clock_process_cpu_ns() - recorder->begin_cpu_ns;
    recorder->cost.seconds = (clock_raw_ns() - recorder->begin_ns) / NS_PER_SECOND;
    if (!record_file_close(&recorder->file, recorded, &recorder->cost.disk_bytes,
                           recorded ? error : NULL) ||
        !recorded)
        return false;
    *ret_why = g_steal_pointer(&why);
    return true;
}

unsigned
recorder_vcpus(const Recorder *recorder)
{
    unsigned n = 0;

    for (guint i = 0; i < recorder->guests->len; i++)
        n += recorded_guest_vcpus(recorder->guests->pdata[i]);
    return n;
}

unsigned
recorder_guests(const Recorder *recorder)
{
    return recorder->guests->len;
}

RecorderCost
recorder_cost(const Recorder *recorder)
{
    return recorder->cost;
}
