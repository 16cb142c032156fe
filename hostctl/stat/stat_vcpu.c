/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/stat/stat_vcpu.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/base/failure.h"
#include "common/pmu/window.h"
#include "hostctl/collect/sched.h"
#include "hostctl/stat/stat_exits.h"

/* The counters of one mode; NULL where there is nothing to count or nothing that can be. */
typedef struct {
    Counters *counters;
    CounterReading last;
    Window window; /* the last one */
} ModeCount;

struct StatVcpu {
    const StatSetup *setup;
    QemuThread thread;
    char *domain;
    char *thread_name; /* as perf calls it: "CPU 0/KVM-4711" */
    bool tcg;
    GString *problem;

    EmulatedPage *page;
    ModeCount modes[STAT_MODES];
    PmuGroup *exits;
    PmuReading last_exits;
    StatExits *reasons; /* of exits; NULL: not told */
    SchedFile sched;
    SchedReading ran, last_ran;
    int64_t last_ns;
    StatRowText *texts; /* of the events, and of run delay */
};

static void
add_problem(StatVcpu *vcpu, const char *text)
{
    if (*text && !strstr(vcpu->problem->str, text))
        g_string_append_printf(vcpu->problem, "%s%s", vcpu->problem->len ? "; " : "", text);
}

/* Hardware events of a translated guest's thread would count QEMU's work, in either mode. */
static bool
is_countable(const StatVcpu *vcpu, StatMode mode, CounterSource *ret_source)
{
    *ret_source = vcpu->tcg && mode == STAT_GUEST ? COUNTER_SOURCE_EMULATED
                  : vcpu->tcg                     ? COUNTER_SOURCE_SOFTWARE
                                                  : COUNTER_SOURCE_HARDWARE;
    if (vcpu->tcg)
        return mode == STAT_BOTH || (mode == STAT_GUEST && vcpu->page);
    return mode != STAT_GUEST || !vcpu->setup->no_guest_mode;
}

static const char *
why_not_countable(const StatVcpu *vcpu, StatMode mode)
{
    if (!vcpu->tcg)
        return "guest mode is not counted under a mediated vPMU, where it would keep guests from "
               "starting";
    return mode == STAT_GUEST
               ? "the guest is translated and has no emulated counters"
               : "the guest is translated: in host mode its thread is not told from QEMU's work";
}

/* What a machine cannot do is a row's affair; what the caller may not do is an error. */
static bool
is_for_the_caller_to_mend(int refusal)
{
    return refusal == EACCES || refusal == EPERM || refusal == EMFILE || refusal == ENFILE ||
           refusal == ESRCH;
}

/* Asked of the kernel once more for the sake of its message, which names event and thread. */
static bool
check_refusal(const StatVcpu *vcpu, StatMode mode, const PmuTarget *target, GError **error)
{
    const StatEvents *events = vcpu->setup->events;
    const ModeCount *count = &vcpu->modes[mode];

    for (unsigned i = 0; i < events->n_cells; i++) {
        g_autoptr(PmuGroup) group = NULL;
        g_autoptr(GError) problem = NULL;

        if (events->cells[i].mode != mode ||
            (count->counters && counters_event_errno(count->counters, events->cells[i].index) == 0))
            continue;
        group = pmu_group_new(target);
        if (is_for_the_caller_to_mend(pmu_group_add(group, &events->cells[i].event, &problem))) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return false;
        }
    }
    return true;
}

static bool
open_mode(StatVcpu *vcpu, StatMode mode, GError **error)
{
    const char *const *names = (const char *const *) vcpu->setup->events->names[mode];
    ModeCount *count = &vcpu->modes[mode];
    g_autoptr(GError) problem = NULL;
    CounterTarget target = {
        .pmu = { .tid = vcpu->thread.tid, .cpu = -1, .kernel = vcpu->setup->kernel },
        .mode = stat_mode_pmu(mode),
        .page = vcpu->page,
        .vcpu = vcpu->thread.vcpu,
    };
    CounterSource source;

    if (!*names)
        return true;
    if (!is_countable(vcpu, mode, &source)) {
        add_problem(vcpu, why_not_countable(vcpu, mode));
        return true;
    }
    count->counters = counters_open(source, &target, names, &problem);
    if (!count->counters && !g_error_matches(problem, FAILURE, FAILURE_UNSUPPORTED)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    if (source != COUNTER_SOURCE_EMULATED && !check_refusal(vcpu, mode, &target.pmu, error))
        return false;
    add_problem(vcpu, count->counters ? counters_problem(count->counters) : problem->message);
    return !count->counters || counters_read(count->counters, &count->last, error);
}

/* A tracepoint of the host's kernel, counted on the thread as perf does: kvm:kvm_exit. */
static void
open_exits(StatVcpu *vcpu)
{
    const PmuTarget target = { .tid = vcpu->thread.tid, .cpu = -1, .kernel = vcpu->setup->kernel };
    PmuEvent event = { .name = "kvm:kvm_exit",
                       .printable = "kvm:kvm_exit",
                       .attr = { .type = PERF_TYPE_TRACEPOINT,
                                 .size = sizeof event.attr,
                                 .config = vcpu->setup->exit_tracepoint } };

    if (vcpu->tcg || !vcpu->setup->exit_tracepoint)
        return;
    vcpu->exits = pmu_group_new(&target);
    if (pmu_group_add(vcpu->exits, &event, NULL) != 0 || !pmu_group_enable(vcpu->exits, NULL) ||
        !pmu_group_read(vcpu->exits, &vcpu->last_exits, NULL))
        g_clear_pointer(&vcpu->exits, pmu_group_free);
}

static bool
open_reasons(StatVcpu *vcpu, GError **error)
{
    g_autoptr(GError) problem = NULL;

    if (vcpu->setup->wants_exits && vcpu->tcg)
        add_problem(vcpu, "the guest is translated: there are no VM exits");
    if (vcpu->tcg || !vcpu->setup->exits)
        return true;
    vcpu->reasons = stat_exits_new(vcpu->setup->exits, vcpu->thread.tid, &problem);
    if (problem) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    if (!vcpu->reasons)
        add_problem(vcpu, "more vCPUs run than can be watched for VM exits");
    return true;
}

static void
open_page(StatVcpu *vcpu, const QemuProcess *process)
{
    g_autoptr(GError) problem = NULL;

    if (!process->counter_page)
        return;
    vcpu->page = emulated_open(process->counter_page, &problem);
    if (!vcpu->page)
        add_problem(vcpu, problem->message);
}

StatVcpu *
stat_vcpu_open(const StatSetup *setup, const QemuProcess *process, const QemuThread *thread,
               int64_t now_ns, GError **error)
{
    g_autoptr(StatVcpu) vcpu = g_new0(StatVcpu, 1);

    vcpu->setup = setup;
    vcpu->thread = *thread;
    vcpu->domain = g_strdup(process->guest);
    vcpu->thread_name = g_strdup_printf("%s-%d", thread->name, (int) thread->tid);
    vcpu->tcg = process->tcg;
    vcpu->problem = g_string_new(NULL);
    vcpu->texts = g_new0(StatRowText, setup->events->n_cells + 1);
    vcpu->sched = SCHED_FILE_CLOSED;
    open_page(vcpu, process);
    if (!sched_open(setup->root, thread, &vcpu->sched, error))
        return NULL;
    for (int mode = 0; mode < STAT_MODES; mode++)
        if (!open_mode(vcpu, (StatMode) mode, error))
            return NULL;
    open_exits(vcpu);
    if (!open_reasons(vcpu, error))
        return NULL;
    stat_vcpu_remember(vcpu);
    vcpu->last_ran = vcpu->ran;
    vcpu->last_ns = now_ns;
    return g_steal_pointer(&vcpu);
}

void
stat_vcpu_close(StatVcpu *vcpu)
{
    if (!vcpu)
        return;

    for (int mode = 0; mode < STAT_MODES; mode++)
        counters_close(vcpu->modes[mode].counters);
    pmu_group_free(vcpu->exits);
    stat_exits_free(vcpu->reasons);
    emulated_close(vcpu->page);
    sched_close(&vcpu->sched);
    g_string_free(vcpu->problem, TRUE);
    g_free(vcpu->texts);
    g_free(vcpu->thread_name);
    g_free(vcpu->domain);
    g_free(vcpu);
}

bool
stat_vcpu_is(const StatVcpu *vcpu, const QemuThread *thread)
{
    return vcpu->thread.tid == thread->tid && vcpu->thread.start_ticks == thread->start_ticks;
}

const char *
stat_vcpu_domain(const StatVcpu *vcpu)
{
    return vcpu->domain;
}

const char *
stat_vcpu_problem(const StatVcpu *vcpu)
{
    return vcpu->problem->str;
}

bool
stat_vcpu_remember(StatVcpu *vcpu)
{
    return SCHED_GONE != sched_read(&vcpu->sched, &vcpu->ran);
}

static bool
read_mode(ModeCount *count, GError **error)
{
    CounterReading now;

    if (!count->counters)
        return true;
    if (!counters_read(count->counters, &now, error))
        return false;
    window_between(&count->last, &now, NULL, &count->window);
    count->last = now;
    return true;
}

/* A thread that had no CPU in the window is “not counted” in perf's words, not 0. */
static StatRow
counted_row(const StatVcpu *vcpu, const StatCell *cell)
{
    const ModeCount *count = &vcpu->modes[cell->mode];
    bool supported = count->counters && counters_event_errno(count->counters, cell->index) == 0;
    StatRow row = {
        .name = cell->event.printable,
        .event = cell->event.known,
        .mode = stat_mode_name(cell->mode),
        .is_time = stat_is_time(cell->event.known),
        .supported = supported,
        .value = NAN,
    };

    if (count->counters)
        row.source = pmu_event_is_software(&cell->event)
                         ? counter_source_name(COUNTER_SOURCE_SOFTWARE)
                         : counter_source_name(counters_source(count->counters));
    if (!supported)
        return row;
    row.enabled_ns = count->window.enabled_ns;
    row.running_ns = count->window.running_ns;
    if (row.running_ns > 0)
        row.value = count->window.values[cell->index];
    return row;
}

/* Beside the counts, in perf's form: what the guest sees as steal, and its share. */
static StatRow
delay_row(const StatVcpu *vcpu, int64_t elapsed_ns)
{
    double run_ns = (double) (vcpu->ran.run_ns - vcpu->last_ran.run_ns);
    double delay_ns = (double) (vcpu->ran.delay_ns - vcpu->last_ran.delay_ns);
    StatRow row = {
        .name = "run-delay",
        .mode = stat_mode_name(STAT_BOTH),
        .source = "schedstat",
        .is_time = true,
        .supported = true,
        .value = delay_ns,
        .enabled_ns = (uint64_t) elapsed_ns,
        .running_ns = (uint64_t) elapsed_ns,
        .metric = { .decimals = 2, .unit = "of all runnable time" },
    };

    row.metric.value = run_ns + delay_ns > 0 ? 100 * delay_ns / (run_ns + delay_ns) : 0;
    return row;
}

static bool
exits_row(StatVcpu *vcpu, StatRow *ret_row, GError **error)
{
    PmuReading now;

    if (!pmu_group_read(vcpu->exits, &now, error))
        return false;
    *ret_row = (StatRow){
        .name = "kvm:kvm_exit",
        .mode = stat_mode_name(STAT_BOTH),
        .source = "tracepoint",
        .supported = true,
        .value = (double) (now.values[0] - vcpu->last_exits.values[0]),
        .enabled_ns = now.enabled_ns - vcpu->last_exits.enabled_ns,
        .running_ns = now.running_ns - vcpu->last_exits.running_ns,
    };
    vcpu->last_exits = now;
    return true;
}

bool
stat_vcpu_window(StatVcpu *vcpu, int64_t now_ns, StatWindow *ret_window, GError **error)
{
    const StatEvents *events = vcpu->setup->events;
    unsigned n = 0;

    /* Written in place: a window is too large to be cleared and copied for each vCPU. */
    ret_window->verdict = NULL;
    ret_window->thread = vcpu->thread_name;
    ret_window->domain = vcpu->domain;
    ret_window->vcpu = vcpu->thread.vcpu;
    ret_window->end_ns = 0;
    ret_window->elapsed_ns = now_ns - vcpu->last_ns;
    for (int mode = 0; mode < STAT_MODES; mode++)
        if (!read_mode(&vcpu->modes[mode], error))
            return false;
    stat_vcpu_remember(vcpu);
    for (; n < events->n_cells; n++)
        ret_window->rows[n] = counted_row(vcpu, &events->cells[n]);
    ret_window->rows[n++] = delay_row(vcpu, ret_window->elapsed_ns);
    for (unsigned i = 0; i < n; i++)
        ret_window->rows[i].text = &vcpu->texts[i];
    if (vcpu->exits && !exits_row(vcpu, &ret_window->rows[n++], error))
        return false;
    if (vcpu->reasons)
        n += stat_exits_rows(vcpu->reasons, ret_window->rows + n);
    ret_window->n_rows = n;
    stat_window_add_metrics(ret_window);

    vcpu->last_ran = vcpu->ran;
    vcpu->last_ns = now_ns;
    return true;
}
