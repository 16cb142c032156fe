/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/selftest/subject.h"

#include <string.h>

#include "common/base/failure.h"
#include "common/base/fault.h"
#include "common/base/text.h"
#include "common/pmu/budget.h"
#include "hostctl/collect/host_facts.h"
#include "hostctl/collect/kvm_pmu.h"
#include "hostctl/collect/qemu_process.h"
#include "hostctl/link/guest_link.h"
#include "hostctl/provision.h"
#include "hostctl/virt/domain_xml.h"

#define MEMORY_KIB (UINT64_C(256) * 1024)
#define ANSWER_TIMEOUT_MS 10000
#define LOOP_TIMEOUT_MS 60000
#define ECHO_BUDGET_MS 3000
#define GUEST_FAULTS "guest."
/* What can stand on a kernel's command line as it is. */
#define PLAIN_CHARACTERS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS ".,:#*_-"

struct SelftestSubject {
    const CommandContext *context;
    GPtrArray *guests; /* of Guest: the one */
    char *summary;
    GuestLink *link;
    EmulatedPage *page; /* NULL: hardware counters */
    bool has_tsc;
    KvmTsc tsc;
    TrialSubject trial;
    uint32_t visit; /* number of the last loop */
    Message *message;
};

static void
keep_reading(const WireSample *sample, CounterReading *sum)
{
    sum->n_values = sample->n_values;
    for (unsigned i = 0; i < sample->n_values; i++)
        sum->values[i] =
            sum->values[i] == COUNTER_NOT_COUNTED || sample->values[i] == COUNTER_NOT_COUNTED
                ? COUNTER_NOT_COUNTED
                : sum->values[i] + sample->values[i];
    sum->enabled_ns += sample->enabled_ns;
    sum->running_ns += sample->running_ns;
}

static bool
arm(void *context, const char *const *events, int *ret_errnos, GError **error)
{
    SelftestSubject *subject = context;
    g_autofree Message *request = g_new0(Message, 1);
    unsigned n = 0;

    request->kind = FRAME_ARM;
    request->arm.source = (uint8_t) subject->trial.source;
    for (; events[n]; n++)
        g_strlcpy(request->arm.events[n], events[n], WIRE_EVENT_NAME_MAX);
    request->arm.n_events = (uint8_t) n;
    if (!guest_link_ask(subject->link, request, FRAME_ARMED, ANSWER_TIMEOUT_MS,
                        subject->context->interrupt, subject->message, error))
        return false;
    if (subject->message->armed.n_events != n)
        return failure_set(error, FAILURE_FAILED, "guest %s: armed %u events, %u were asked for",
                           guest_link_name(subject->link), subject->message->armed.n_events, n);
    for (unsigned i = 0; i < n; i++)
        ret_errnos[i] = subject->message->armed.error[i];
    return true;
}

/* One vCPU, so the first sample is the one before the loop and the second the one behind it. */
static bool
take_samples(SelftestSubject *subject, TrialLoop *ret_loop, GError **error)
{
    static const FrameKind answers[] = { FRAME_SAMPLES, FRAME_MEASURED };
    const SamplesMessage *samples = &subject->message->samples;
    TrialLoop loop = { 0 };

    if (!guest_link_await_any(subject->link, answers, G_N_ELEMENTS(answers), LOOP_TIMEOUT_MS,
                              subject->context->interrupt, subject->message, error))
        return false;
    if (subject->message->kind != FRAME_SAMPLES || samples->visit != subject->visit ||
        samples->n_samples != 2)
        return failure_set(error, FAILURE_FAILED,
                           "guest %s: its probe could not read its counters around the loop",
                           guest_link_name(subject->link));
    keep_reading(&samples->samples[0], &loop.before);
    keep_reading(&samples->samples[1], &loop.after);
    loop.duration_ns = samples->samples[1].stamp.raw_ns - samples->samples[0].stamp.raw_ns;
    *ret_loop = loop;
    return guest_link_await(subject->link, FRAME_MEASURED, ANSWER_TIMEOUT_MS,
                            subject->context->interrupt, subject->message, NULL, error);
}

static bool
run_loop(void *context, WireLoop loop, uint32_t rounds, TrialLoop *ret_loop, GError **error)
{
    SelftestSubject *subject = context;
    const Message request = { .kind = FRAME_LOOP,
                              .loop = { ++subject->visit, (uint8_t) loop, rounds } };

    return guest_link_send(subject->link, &request, error) &&
           take_samples(subject, ret_loop, error);
}

/* Whether guest and host may count all events at once without robbing one another. */
static bool
fits_together(const Sysroot *root)
{
    const char *events[EVENT_MAX + 1] = { NULL };
    uint32_t all = (1u << selftest_rules_length) - 1;
    BudgetRequest request = { .events = events, .guest = all, .host_of_guest = all };
    BudgetLayout layout;

    for (size_t i = 0; i < selftest_rules_length; i++)
        events[i] = selftest_rules[i].event;
    request.watchdog = kvm_pmu_has_watchdog(root);
    return kvm_pmu_capacity(root, &request.capacity) && budget_plan(&request, &layout, NULL) &&
           layout.kind == BUDGET_TOGETHER;
}

/* A guest of the plugin has a page; any other is KVM's, and the host counts its vCPU's thread. */
static bool
find_counters(SelftestSubject *subject, const Sysroot *root, GError **error)
{
    const Guest *guest = subject->guests->pdata[0];
    g_autoptr(QemuProcess) process = NULL;
    g_autofree char *page = NULL;
    TrialSubject *trial = &subject->trial;

    if (!qemu_process_find(root, guest_uuid(guest), &process, error))
        return false;
    if (process->vcpus->len != 1)
        return failure_set(error, FAILURE_FAILED, "guest %s: %u vCPU threads found, 1 expected",
                           guest_name(guest), process->vcpus->len);
    trial->vcpu.pmu = (PmuTarget){
        .tid = g_array_index(process->vcpus, QemuThread, 0).tid,
        .cpu = -1,
    };
    subject->has_tsc = kvm_tsc_read(root, process->pid, 0, &subject->tsc);
    if (!guest_page_name(guest)) {
        trial->source = COUNTER_SOURCE_HARDWARE;
        trial->together = fits_together(root);
        return true;
    }
    trial->source = COUNTER_SOURCE_EMULATED;
    trial->together = true;
    page = g_strconcat("/dev/shm/", guest_page_name(guest), NULL);
    subject->page = emulated_open(page, error);
    trial->vcpu.page = subject->page;
    return subject->page != NULL;
}

static bool
open_link(SelftestSubject *subject, GError **error)
{
    const Guest *guest = subject->guests->pdata[0];
    g_autofree HelloMessage *hello = g_new0(HelloMessage, 1);
    g_autofree char *path = NULL;

    if (!guest_channel_path(guest, &path, error))
        return false;
    subject->link = guest_link_open(guest_name(guest), path, error);
    return subject->link && guest_link_hello(subject->link, ANSWER_TIMEOUT_MS,
                                             subject->context->interrupt, hello, error);
}

/* The guest's share of the fault points that we were given goes to its init as a variable. */
static bool
make_cmdline(char **ret_cmdline, GError **error)
{
    g_autofree char *words = fault_words(GUEST_FAULTS);

    if (words && strspn(words, PLAIN_CHARACTERS) != strlen(words))
        return failure_set(error, FAILURE_USAGE,
                           "INSIDEOUT_FAULT: “%s” cannot stand on a kernel's command line", words);
    *ret_cmdline = words ? g_strdup_printf(GUEST_CMDLINE " INSIDEOUT_FAULT=%s", words) : NULL;
    return true;
}

static bool
start_guest(SelftestSubject *subject, Workbench *bench, Connection *connection, GError **error)
{
    const CommandContext *context = subject->context;
    g_autofree char *owner = g_strdup_printf("%08x", g_random_int());
    g_autofree char *name = g_strdup_printf("selftest-%s", owner);
    g_autoptr(HostFacts) facts = host_facts_read(context->root);
    g_autofree char *cmdline = NULL;
    ProvisionOptions options = {
        .name = name,
        .count = 1,
        .role = GUEST_ROLE_MICRO,
        .vcpus = 1,
        .memory_kib = MEMORY_KIB,
        .pool = host_default_pool(facts),
        .owner = owner,
        .passing = true,
    };

    if (!make_cmdline(&cmdline, error))
        return false;
    options.cmdline = cmdline;
    return provision(context, bench, connection, &options, &subject->guests, &subject->summary,
                     error);
}

SelftestSubject *
selftest_subject_new(const CommandContext *context, Workbench *bench, Connection *connection,
                     GError **error)
{
    g_autoptr(SelftestSubject) subject = g_new0(SelftestSubject, 1);

    subject->context = context;
    subject->message = g_new0(Message, 1);
    subject->trial = (TrialSubject){
        .arm = arm,
        .loop = run_loop,
        .context = subject,
        .rules = selftest_rules,
        .n_rules = selftest_rules_length,
    };
    if (!start_guest(subject, bench, connection, error) ||
        !find_counters(subject, context->root, error) || !open_link(subject, error))
        return NULL;
    return g_steal_pointer(&subject);
}

bool
selftest_subject_end(SelftestSubject *subject, GError **error)
{
    g_clear_pointer(&subject->link, guest_link_free);
    if (!subject->guests || !guest_destroy_many(subject->guests, error))
        return !subject->guests;
    g_clear_pointer(&subject->guests, g_ptr_array_unref);
    return true;
}

void
selftest_subject_free(SelftestSubject *subject)
{
    if (!subject)
        return;

    selftest_subject_end(subject, NULL);
    g_clear_pointer(&subject->guests, g_ptr_array_unref);
    emulated_close(subject->page);
    g_free(subject->summary);
    g_free(subject->message);
    g_free(subject);
}

const char *
selftest_subject_summary(const SelftestSubject *subject)
{
    return subject->summary;
}

CounterSource
selftest_subject_source(const SelftestSubject *subject)
{
    return subject->trial.source;
}

const TrialSubject *
selftest_subject_trial(const SelftestSubject *subject)
{
    return &subject->trial;
}

bool
selftest_subject_echo(SelftestSubject *subject, GArray *pings, GError **error)
{
    return time_sync_burst(subject->link, TIME_SYNC_BURST, ECHO_BUDGET_MS,
                           subject->context->interrupt, pings, error);
}

const KvmTsc *
selftest_subject_tsc(const SelftestSubject *subject)
{
    return subject->has_tsc ? &subject->tsc : NULL;
}
