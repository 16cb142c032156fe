/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/open_lab.h"

#include <json-glib/json-glib.h>
#include <unistd.h>

#include "common/base/cpuset.h"
#include "common/base/failure.h"
#include "hostctl/host_qemu.h"
#include "hostctl/run/condition.h"
#include "hostctl/run/counter_layout.h"
#include "hostctl/run/schedule.h"

static bool
find_image(Lab *lab, GError **error)
{
    lab->kernel = state_file(lab->state, "guest/vmlinuz");
    lab->initrd = state_file(lab->state, "guest/initramfs");
    if (lab->plan->micro.image && lab->plan->bulk.image)
        return true;

    for (char **file = (char *[]){ lab->kernel, lab->initrd, NULL }; *file; file++)
        if (access(*file, R_OK) != 0)
            return failure_set(error, FAILURE_FAILED,
                               "%s is missing: build the guest image with appliance/build", *file);
    return true;
}

/* Page sharing is host-wide, and so is a load past capacity: somebody else's guests feel both. */
static bool
check_foreign(const Lab *lab, GError **error)
{
    return host_qemu_allow(lab->root,
                           condition_any_changes_ksm(lab->plan)
                               ? "the plan switches page sharing: it is not run"
                               : "the plan fills this host's CPUs: it is not run",
                           lab->shared_host, error);
}

static char *
strv_to_json(char **strv)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;

    json_builder_begin_array(builder);
    for (; *strv; strv++)
        json_builder_add_string_value(builder, *strv);
    json_builder_end_array(builder);
    root = json_builder_get_root(builder);
    return json_to_string(root, FALSE);
}

static bool
write_layout(Lab *lab, GError **error)
{
    const CounterNeed need = counter_need_of(lab->plan, false);
    g_autofree char *text = NULL;

    if (!lab->rig->layout)
        return true;
    text = counter_layout_text(lab->rig->layout, &need);
    return lab_note(lab, 0, 0, "info", error, "counter layout %s", text) &&
           counter_layout_write(lab->writer, lab->rig->layout, &need, error);
}

static bool
write_run(Lab *lab, const RunRow *row, GError **error)
{
    const Rig *rig = lab->rig;

    return writer_begin(lab->writer, error) && writer_run(lab->writer, row, error) &&
           writer_commit(lab->writer, error) &&
           lab_note(lab, 0, 0, "info", error, "accelerator %s: %s",
                    accelerator_name(rig->accelerator), rig->accelerator_reason) &&
           lab_note(lab, 0, 0, "info", error, "counters %s: %s", counter_source_name(rig->counters),
                    rig->counters_reason) &&
           write_layout(lab, error);
}

static bool
open_writer(Lab *lab, WriterMode mode, GError **error)
{
    WriterEvent events[EVENT_MAX];
    size_t n = 0;

    for (char **event = lab->plan->events; *event; event++)
        events[n++] = (WriterEvent){ *event, 0 };
    return writer_open(lab->dataset, mode, events, n, &lab->writer, error);
}

/* The seam: later rows are of guests made anew, and of another process. */
static bool
go_on(Lab *lab, const RunRow *row, GError **error)
{
    g_autoptr(GArray) visits = schedule_make(lab->plan);

    lab->resume = resume_read(lab->dataset, row, visits, error);
    return lab->resume && open_writer(lab, WRITER_APPEND, error) &&
           lab_note(lab, 0, 0, "info", error,
                    "gone on with: %u of %u visits stand, the others are made by process %d with "
                    "guests made anew",
                    lab->resume->n_made, lab->resume->n_visits, (int) getpid());
}

static bool
open_dataset(Lab *lab, const LabOptions *options, GError **error)
{
    const Plan *plan = lab->plan;
    const Rig *rig = lab->rig;
    g_autofree char *uuid = g_uuid_string_random();
    g_autofree char *pool = cpuset_format(&rig->pool);
    g_autofree char *load = strv_to_json(plan->load);
    g_autofree char *facts = host_facts_to_json(rig->facts);
    const RunRow row = {
        .uuid = uuid,
        .name = plan->name,
        .command = "run",
        .started_wall_ns = clock_wall_ns(),
        .counters = counter_source_name(rig->counters),
        .accelerator = accelerator_name(rig->accelerator),
        .connect = connection_uri(lab->connection),
        .pool = pool,
        .pool_cpus = rig->pool_cpus,
        .pool_cores = rig->pool_cores,
        .housekeeping = rig->housekeeping,
        .interval_ns = (uint64_t) (plan->interval_ms * NS_PER_MS),
        .settle_ns = (uint64_t) (plan->settle_seconds * NS_PER_SECOND),
        .drop_ns = (uint64_t) (plan->drop_seconds * NS_PER_SECOND),
        .load = load,
        .cpu_model = rig->facts->cpu_model,
        .microcode = rig->facts->microcode,
        .kernel = rig->facts->kernel,
        .qemu = connection_hypervisor_version(lab->connection),
        .libvirt = connection_libvirt_version(lab->connection),
        .mitigations = rig->facts->mitigations,
        .host_facts = facts,
        .plan = plan->text,
    };

    if (options->resume)
        return go_on(lab, &row, error);
    return open_writer(lab, options->replace ? WRITER_REPLACE : WRITER_NEW, error) &&
           write_run(lab, &row, error);
}

/* A run goes on without: counts and waits are what it is about. */
static bool
open_exits(Lab *lab, GError **error)
{
    g_autoptr(GError) problem = NULL;

    if (!lab->plan->vm_exits)
        return lab_note(lab, 0, 0, "info", error,
                        "VM exits are not recorded: the plan's vm_exits is false");
    if (lab->rig->accelerator != ACCELERATOR_KVM)
        return lab_note(lab, 0, 0, "info", error,
                        "VM exits are not recorded: translated guests have none");
    return exits_open(lab->root, &exits_place_kvm, &lab->exits, &problem) ||
           lab_note(lab, 0, 0, "warning", error, "VM exits are not recorded: %s", problem->message);
}

Lab *
lab_open(const Sysroot *root, Interrupt *interrupt, const Plan *plan, const Rig *rig,
         const LabOptions *options, GError **error)
{
    g_autoptr(Lab) lab = g_new0(Lab, 1);

    lab->root = root;
    lab->plan = plan;
    lab->rig = rig;
    lab->interrupt = interrupt;
    lab->shared_host = options->shared_host;
    lab->keep_going = options->keep_going;
    lab->dataset = g_strdup(options->output);
    lab->id = g_strdup_printf("%08x", g_random_int());
    lab->state = state_open(error);
    if (!lab->state || !find_image(lab, error) || !state_lock(lab->state, error))
        return NULL;
    lab->journal = journal_open(lab->state, root, error);
    if (!lab->journal || !journal_require_recovered(lab->journal, error) ||
        !check_foreign(lab, error))
        return NULL;
    if (rig->counters == COUNTER_SOURCE_EMULATED) {
        lab->silicon = g_strdup_printf("insideout-%s-silicon", lab->id);
        if (!state_install_plugin(lab->state, &lab->plugin, error))
            return NULL;
    }
    lab->connection = connection_open(options->uri ? options->uri : plan->connect, lab->state,
                                      CONNECTION_TIMEOUT_MS, interrupt, error);
    if (!lab->connection || !open_dataset(lab, options, error) || !open_exits(lab, error))
        return NULL;
    return g_steal_pointer(&lab);
}

void
lab_free(Lab *lab)
{
    if (!lab)
        return;

    exits_close(lab->exits);
    writer_free(lab->writer);
    resume_free(lab->resume);
    connection_free(lab->connection);
    journal_free(lab->journal);
    state_free(lab->state);
    g_free(lab->id);
    g_free(lab->dataset);
    g_free(lab->kernel);
    g_free(lab->initrd);
    g_free(lab->plugin);
    g_free(lab->silicon);
    g_free(lab);
}
