/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/sampled_vcpu.h"

#include "common/base/failure.h"
#include "common/pmu/counter_turns.h"
#include "hostctl/run/counter_layout.h"
#include "hostctl/run/exit_rows.h"

struct SampledVcpu {
    Lab *lab;
    FleetGuest *guest;
    unsigned vcpu;
    pid_t tid;
    bool exits_watched;
    bool gone, told_gone; /* unplugged while its guest goes on; the dataset has a note of it */
    SchedFile sched;
    EmulatedPage *page;    /* shared memory's mapping; owned */
    Counters *guest_mode;  /* of the page */
    bool turns_of_visit;   /* they begin anew with each visit, as the guest's do */
    int64_t visit_id;      /* of the last sample */
    uint64_t turn_windows; /* that ended since the turns began */
    CounterTurns *turns;   /* of the PMU; NULL: none */
};

void
sampled_vcpu_free(SampledVcpu *vcpu)
{
    if (!vcpu)
        return;

    if (vcpu->exits_watched)
        exits_forget(vcpu->lab->exits, vcpu->tid);
    sched_close(&vcpu->sched);
    g_clear_pointer(&vcpu->guest_mode, counters_close);
    g_clear_pointer(&vcpu->turns, counter_turns_free);
    g_clear_pointer(&vcpu->page, emulated_close);
    g_free(vcpu);
}

static bool
open_emulated(SampledVcpu *vcpu, const char *const *events, GError **error)
{
    CounterTarget target = { .mode = PMU_MODE_GUEST, .vcpu = vcpu->vcpu };

    vcpu->page = emulated_open(vcpu->guest->page_path, error);
    if (!vcpu->page)
        return false;
    target.page = vcpu->page;
    vcpu->guest_mode = counters_open(COUNTER_SOURCE_EMULATED, &target, events, error);
    return vcpu->guest_mode != NULL;
}

/*
 * The kernel is the one to ask: a guest whose vPMU is mediated shows only once it runs. Then the
 * layout is another one, and the dataset says so.
 */
static bool
choose_layout(Lab *lab, FleetGuest *guest, const PmuTarget *target, BudgetLayout *ret_layout,
              GError **error)
{
    const CounterNeed need = counter_need_of(lab->plan, true);
    g_autofree char *text = NULL;

    *ret_layout = *lab->rig->layout;
    if (ret_layout->kind == BUDGET_HOST_ONLY || !counters_guest_mode_refused(target))
        return true;
    if (counter_layout_guest_takes_turns(ret_layout) && !fleet_arm(lab, guest, NULL, error))
        return false;
    if (!counter_layout_plan(&need, lab->root, ret_layout, error))
        return false;
    text = counter_layout_text(ret_layout, &need);
    return lab_note(lab, 0, 0, "warning", error,
                    "the kernel refuses guest mode to the host; the counter layout is %s", text) &&
           counter_layout_write(lab->writer, ret_layout, &need, error);
}

/* Never pinned, the micro guest only: its own counters must win (a starved one is silent). */
static bool
open_hardware(SampledVcpu *vcpu, GError **error)
{
    const char *const *events = (const char *const *) vcpu->lab->plan->events;
    const PmuTarget target = { .tid = vcpu->tid, .cpu = -1 };
    g_autofree BudgetLayout *layout = NULL;

    if (vcpu->guest->role != GUEST_ROLE_MICRO)
        return true;
    layout = g_new0(BudgetLayout, 1);
    if (!choose_layout(vcpu->lab, vcpu->guest, &target, layout, error))
        return false;
    vcpu->turns_of_visit = counter_layout_guest_takes_turns(layout);
    vcpu->turns = counter_turns_new(layout, COUNTER_SOURCE_HARDWARE, events, &target, error);
    if (!vcpu->turns)
        return false;
    return !*counter_turns_problem(vcpu->turns) ||
           lab_note(vcpu->lab, 0, vcpu->guest->row_id, "warning", error, "on the host: %s",
                    counter_turns_problem(vcpu->turns));
}

static bool
watch_exits(SampledVcpu *vcpu, GError **error)
{
    Lab *lab = vcpu->lab;

    if (!lab->exits)
        return true;
    return exits_watch(lab->exits, vcpu->tid, &vcpu->exits_watched, error) &&
           (vcpu->exits_watched ||
            lab_note(lab, 0, vcpu->guest->row_id, "warning", error,
                     "guest %s: VM exits of vCPU %u are not recorded: more vCPUs than can be "
                     "watched",
                     vcpu->guest->name, vcpu->vcpu));
}

static bool
open_all(SampledVcpu *vcpu, const QemuThread *thread, GError **error)
{
    const Rig *rig = vcpu->lab->rig;

    if (!sched_open(vcpu->lab->root, thread, &vcpu->sched, error))
        return false;
    if (rig->counters == COUNTER_SOURCE_EMULATED &&
        !open_emulated(vcpu, (const char *const *) vcpu->lab->plan->events, error))
        return false;
    if (rig->counters == COUNTER_SOURCE_HARDWARE && !open_hardware(vcpu, error))
        return false;
    return watch_exits(vcpu, error);
}

SampledVcpu *
sampled_vcpu_open(Lab *lab, FleetGuest *guest, const QemuThread *thread, GError **error)
{
    SampledVcpu *vcpu = g_new0(SampledVcpu, 1);

    vcpu->lab = lab;
    vcpu->guest = guest;
    vcpu->vcpu = thread->vcpu;
    vcpu->tid = thread->tid;
    vcpu->sched = SCHED_FILE_CLOSED;
    if (open_all(vcpu, thread, error))
        return vcpu;
    g_prefix_error(error, "guest %s vCPU %u: ", guest->name, vcpu->vcpu);
    sampled_vcpu_free(vcpu);
    return NULL;
}

const FleetGuest *
sampled_vcpu_guest(const SampledVcpu *vcpu)
{
    return vcpu->guest;
}

static bool
write_reading(Lab *lab, const SampledVcpu *vcpu, const CounterReading *reading, const char *mode,
              const Stamp *stamp, int64_t visit_id, GError **error)
{
    HostSampleRow row = { .key = { vcpu->guest->row_id, vcpu->vcpu, visit_id, *stamp },
                          .mode = mode,
                          .phase = vcpu->turns ? counter_turns_phase(vcpu->turns) : 0 };

    for (uint32_t i = 0; i < reading->n_values; i++)
        row.cells.counts[i] = reading->values[i];
    row.cells.enabled_ns[0] = reading->enabled_ns;
    row.cells.running_ns[0] = reading->running_ns;
    return writer_host_sample(lab->writer, &row, error);
}

static bool
tick_turns(SampledVcpu *vcpu, int64_t visit_id, CounterReading *ret_by_mode, GError **error)
{
    if (vcpu->turns_of_visit && vcpu->visit_id != visit_id) {
        vcpu->turn_windows = 0;
        if (!counter_turns_restart(vcpu->turns, error))
            return false;
    }
    vcpu->visit_id = visit_id;
    return counter_turns_tick(vcpu->turns, vcpu->turn_windows++, ret_by_mode, error);
}

/* The page counts guest mode only; the PMU what the layout says. */
static bool
write_counters(Lab *lab, SampledVcpu *vcpu, int64_t visit_id, GError **error)
{
    static const struct {
        PmuMode mode;
        const char *name;
    } modes[] = { { PMU_MODE_GUEST, "guest" }, { PMU_MODE_HOST, "host" } };
    CounterReading readings[COUNTER_TURNS_MODES];
    const Stamp stamp = stamp_now();
    bool read = true;

    if (vcpu->guest_mode)
        read = counters_read(vcpu->guest_mode, &readings[PMU_MODE_GUEST], error);
    else if (vcpu->turns)
        read = tick_turns(vcpu, visit_id, readings, error);
    if (!read) {
        g_prefix_error(error, "guest %s vCPU %u: ", vcpu->guest->name, vcpu->vcpu);
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
        bool counts = vcpu->turns ? counter_turns_has(vcpu->turns, modes[i].mode)
                                  : vcpu->guest_mode && modes[i].mode == PMU_MODE_GUEST;

        if (counts && !write_reading(lab, vcpu, &readings[modes[i].mode], modes[i].name, &stamp,
                                     visit_id, error))
            return false;
    }
    return true;
}

static bool
guest_lives(const SampledVcpu *vcpu)
{
    const QemuProcess *process = vcpu->guest->process;
    uint64_t ticks;

    return thread_start_ticks(vcpu->lab->root, process->pid, process->pid, &ticks, NULL) &&
           ticks == process->start_ticks;
}

bool
sampled_vcpu_sched(SampledVcpu *vcpu, SchedReading *ret_reading, bool *ret_gone, GError **error)
{
    SchedStatus status = vcpu->gone ? SCHED_GONE : sched_read(&vcpu->sched, ret_reading);

    *ret_gone = false;
    if (status == SCHED_READ)
        return true;
    if (status == SCHED_GONE && (vcpu->gone || guest_lives(vcpu))) {
        *ret_gone = vcpu->gone = true;
        return true;
    }
    if (status == SCHED_GONE)
        return failure_set(error, FAILURE_FAILED,
                           "guest %s: its vCPU %u has ended (QEMU died, or somebody stopped it)",
                           vcpu->guest->name, vcpu->vcpu);
    return failure_set(error, FAILURE_FAILED, "guest %s vCPU %u: schedstat is not readable",
                       vcpu->guest->name, vcpu->vcpu);
}

/* Once; in the open transaction. */
static bool
write_gone(SampledVcpu *vcpu, int64_t visit_id, GError **error)
{
    g_autofree char *text = NULL;
    NoteRow row = { stamp_now(), visit_id, vcpu->guest->row_id, "warning", NULL };

    if (vcpu->told_gone)
        return true;
    text = g_strdup_printf("guest %s: its vCPU %u has ended while the guest goes on (unplugged): "
                           "from here on it has no samples",
                           vcpu->guest->name, vcpu->vcpu);
    row.text = text;
    vcpu->told_gone = true;
    return writer_note(vcpu->lab->writer, &row, error);
}

bool
sampled_vcpu_write(SampledVcpu *vcpu, int64_t visit_id, GError **error)
{
    Lab *lab = vcpu->lab;
    SchedSampleRow row = { .key = { vcpu->guest->row_id, vcpu->vcpu, visit_id, stamp_now() } };
    SchedReading reading;
    bool gone;

    if (!sampled_vcpu_sched(vcpu, &reading, &gone, error))
        return false;
    if (gone)
        return write_gone(vcpu, visit_id, error);
    row.run_ns = reading.run_ns;
    row.delay_ns = reading.delay_ns;
    row.slices = reading.slices;
    return writer_sched_sample(lab->writer, &row, error) &&
           write_counters(lab, vcpu, visit_id, error) &&
           (!vcpu->exits_watched ||
            exit_rows_write(lab->writer, lab->exits, vcpu->tid, &row.key, error));
}
