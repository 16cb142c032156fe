/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/fleet.h"

#include <string.h>

#include "common/base/failure.h"
#include "common/base/fault.h"
#include "common/base/text.h"
#include "hostctl/collect/kvm_tsc.h"
#include "hostctl/run/counter_layout.h"
#include "hostctl/run/fleet_private.h"

#define ARM_TIMEOUT_MS 30000
/* Boot takes 3 s of a CPU under plain TCG, up to 15 s with the modelled counters. */
#define BOOT_BASE_MS 60000
#define BOOT_GUEST_MS 15000
/* A whole distribution, and cloud-init behind it. */
#define BOOT_IMAGE_KVM_MS 180000
#define BOOT_IMAGE_TCG_MS 900000

static void
fleet_guest_free(void *data)
{
    FleetGuest *member = data;

    guest_link_free(member->link);
    guest_free(member->guest);
    disk_free(member->disk);
    image_free(member->image);
    qemu_process_free(member->process);
    g_free(member->name);
    g_free(member->page_path);
    g_free(member);
}

const Lab *
fleet_lab(const Fleet *fleet)
{
    return fleet->lab;
}

void
fleet_set_condition(Fleet *fleet, const PlanCondition *condition)
{
    fleet->condition = condition;
}

unsigned
fleet_size(const Fleet *fleet)
{
    return fleet->guests->len;
}

FleetGuest *
fleet_guest(const Fleet *fleet, unsigned index)
{
    return fleet->guests->pdata[index];
}

static bool
give_image(Fleet *fleet, FleetGuest *member, const PlanGuests *kind, GuestSpec *spec,
           GError **error)
{
    const ImageSource source = { kind->image, kind->storage_pool };
    Lab *lab = fleet->lab;

    if (!guest_name_is_free(lab->connection, member->name, error))
        return false;
    member->image =
        image_new(lab->journal, lab->state, lab->connection, member->name, &source, error);
    if (!member->image)
        return false;
    spec->overlay = image_overlay(member->image);
    spec->backing = image_backing(member->image);
    spec->backing_format = image_backing_format(member->image);
    spec->seed = image_seed(member->image);
    spec->storage_pool = kind->storage_pool;
    spec->kernel = kind->kernel;
    spec->initrd = kind->initrd;
    spec->cmdline = kind->cmdline;
    return true;
}

static bool
create_guest(Fleet *fleet, FleetGuest *member, const PlanCondition *condition, unsigned vmid,
             GError **error)
{
    bool micro = member->role == GUEST_ROLE_MICRO;
    const PlanGuests *kind = micro ? &fleet->lab->plan->micro : &fleet->lab->plan->bulk;
    const PlanByRole *shares = &condition->cpu_shares, *quota = &condition->cpu_quota_percent;
    Lab *lab = fleet->lab;
    bool emulated = lab->rig->counters == COUNTER_SOURCE_EMULATED;
    g_autofree char *page = emulated ? g_strdup_printf("insideout-%s-%u", lab->id, vmid) : NULL;
    GuestSpec spec = {
        .name = member->name,
        .role = member->role,
        .owner = lab->id,
        .accelerator = lab->rig->accelerator,
        .vcpus = (unsigned) kind->vcpus,
        .memory_kib = (uint64_t) kind->memory_mib * 1024,
        .pool = &lab->rig->pool,
        .emulator = rig_emulator_cpus(lab->rig),
        .kernel = lab->kernel,
        .initrd = lab->initrd,
        .balloon = condition->balloon != PLAN_BALLOON_NONE,
        .nosharepages = condition->nosharepages,
        .hugepages = condition->hugepages,
        .cpu_shares = (unsigned) (micro ? shares->micro : shares->bulk),
        .cpu_quota_percent = (unsigned) (micro ? quota->micro : quota->bulk),
    };

    if (emulated)
        spec.emulated = (GuestEmulation){
            .plugin_path = lab->plugin,
            .page_name = page,
            .silicon_name = lab->silicon,
            .vmid = vmid,
            .llc_kib = (uint64_t) lab->plan->llc_kib,
        };

    if (kind->disk_mib > 0) {
        member->disk = disk_new(lab->journal, lab->state, member->name, kind->disk_mib, error);
        if (!member->disk)
            return false;
        spec.disk = disk_path(member->disk);
    }
    if (kind->image && !give_image(fleet, member, kind, &spec, error))
        return false;
    member->vcpus = spec.vcpus;
    member->cpu_shares = spec.cpu_shares;
    member->cpu_quota_percent = spec.cpu_quota_percent;
    member->page_path = page ? g_strconcat("/dev/shm/", page, NULL) : NULL;
    member->guest = guest_create(lab->connection, lab->journal, &spec, error);
    return member->guest != NULL;
}

static bool
write_guest_row(Fleet *fleet, FleetGuest *member, int64_t condition_id, unsigned repeat,
                const char *facts, GError **error)
{
    Lab *lab = fleet->lab;
    KvmTsc tsc;
    bool has_tsc = kvm_tsc_read(lab->root, member->process->pid, 0, &tsc);
    bool micro = member->role == GUEST_ROLE_MICRO;
    /* Kept guests serve every condition and repeat, whichever they were booted for. */
    bool kept = lab->plan->between == PLAN_BETWEEN_KEEP;
    const GuestRow row = {
        .name = member->name,
        .role = guest_role_name(member->role),
        .uuid = guest_uuid(member->guest),
        .vcpus = member->vcpus,
        .memory_kib = guest_max_memory_kib(member->guest),
        .condition_id = kept ? 0 : condition_id,
        .repeat = kept ? ABSENT_U64 : repeat,
        .facts = facts,
        .tsc_offset = has_tsc ? tsc.offset : ABSENT_I64,
        .tsc_ratio = has_tsc ? tsc.ratio : ABSENT_U64,
        .tsc_frac_bits = has_tsc ? tsc.frac_bits : ABSENT_U64,
        .scope = !micro                                      ? NULL
                 : lab->plan->micro.scope == PLAN_SCOPE_TASK ? "task"
                                                             : "cpu",
        .disk_kib = member->disk ? disk_kib(member->disk) : ABSENT_U64,
        .cpu_shares = member->cpu_shares ? member->cpu_shares : ABSENT_U64,
        .cpu_quota_percent = member->cpu_quota_percent ? member->cpu_quota_percent : ABSENT_U64,
    };

    return writer_begin(lab->writer, error) &&
           writer_guest(lab->writer, &row, &member->row_id, error) &&
           writer_commit(lab->writer, error);
}

/* Waits for the probe; what the guest said on its console explains one that never talks. */
static bool
meet_probe(Fleet *fleet, FleetGuest *member, int64_t condition_id, unsigned repeat,
           int64_t deadline_ns, GError **error)
{
    Lab *lab = fleet->lab;
    g_autofree char *socket_path = NULL;
    g_autofree HelloMessage *hello = g_new0(HelloMessage, 1);
    int64_t left_ms = MAX(1000, (deadline_ns - clock_raw_ns()) / NS_PER_MS);

    if (!guest_channel_path(member->guest, &socket_path, error))
        return false;
    member->link = guest_link_open(member->name, socket_path, error);
    if (!member->link)
        return false;
    if (!guest_link_hello(member->link, (int) left_ms, lab->interrupt, hello, error)) {
        g_autofree char *console = guest_console_tail(member->guest, 600);

        if (interrupt_signal(lab->interrupt) == 0 && error && *error)
            failure_set(error, FAILURE_FAILED, "%s; the end of its console:\n%s",
                        g_steal_pointer(error)->message, *console ? console : "(nothing)");
        return false;
    }
    fault_point("probe.hello");
    return qemu_process_find(lab->root, guest_uuid(member->guest), &member->process, error) &&
           write_guest_row(fleet, member, condition_id, repeat, hello->facts, error);
}

static void
ask_for_turns(const BudgetLayout *layout, Message *request)
{
    ArmTurnsMessage *turns = &request->arm_turns;

    request->kind = FRAME_ARM_TURNS;
    turns->turn_windows = (uint16_t) layout->turn_windows;
    turns->n_turns = (uint8_t) layout->n_phases;
    for (unsigned i = 0; i < layout->n_phases; i++)
        turns->turns[i] = layout->phases[i].guest;
}

bool
fleet_arm(Lab *lab, const FleetGuest *micro, const BudgetLayout *turns, GError **error)
{
    g_autofree Message *request = g_new0(Message, 1), *reply = g_new0(Message, 1);

    request->kind = lab->plan->micro.scope == PLAN_SCOPE_TASK ? FRAME_ARM_TASK : FRAME_ARM;
    if (turns)
        ask_for_turns(turns, request);
    request->arm.source = (uint8_t) lab->rig->counters;
    for (char **event = lab->plan->events; *event; event++)
        g_strlcpy(request->arm.events[request->arm.n_events++], *event, WIRE_EVENT_NAME_MAX);
    if (!guest_link_ask(micro->link, request, FRAME_ARMED, ARM_TIMEOUT_MS, lab->interrupt, reply,
                        error))
        return false;

    if (reply->armed.text[0] != '\0') {
        g_autofree char *text = text_printable(reply->armed.text, sizeof reply->armed.text);

        return lab_note(lab, 0, micro->row_id, "warning", error, "inside the guest: %s", text);
    }
    return true;
}

Fleet *
fleet_new_empty(Lab *lab)
{
    Fleet *fleet = g_new0(Fleet, 1);

    fleet->lab = lab;
    fleet->guests = g_ptr_array_new_with_free_func(fleet_guest_free);
    return fleet;
}

FleetGuest *
fleet_add(Fleet *fleet, const char *name, GuestRole role)
{
    FleetGuest *member = g_new0(FleetGuest, 1);

    member->name = g_strdup(name);
    member->role = role;
    g_ptr_array_add(fleet->guests, member);
    return member;
}

static void
add_member(Fleet *fleet, GuestRole role, unsigned number)
{
    const char *run = fleet->lab->plan->name;
    g_autofree char *name = role == GUEST_ROLE_MICRO ? g_strdup_printf("%s-micro", run)
                                                     : g_strdup_printf("%s-bulk-%02u", run, number);

    fleet_add(fleet, name, role);
}

static int64_t
boot_limit_ns(const Lab *lab, unsigned n_guests)
{
    bool image = lab->plan->micro.image || lab->plan->bulk.image;
    int64_t base_ms = !image                                     ? BOOT_BASE_MS
                      : lab->rig->accelerator == ACCELERATOR_TCG ? BOOT_IMAGE_TCG_MS
                                                                 : BOOT_IMAGE_KVM_MS;

    if (lab->plan->boot_seconds > 0)
        return (int64_t) (lab->plan->boot_seconds * NS_PER_SECOND);
    return (base_ms + BOOT_GUEST_MS * (int64_t) n_guests / lab->rig->pool_cpus) * NS_PER_MS;
}

Fleet *
fleet_new(Lab *lab, const PlanCondition *condition, int64_t condition_id, unsigned repeat,
          unsigned block, GError **error)
{
    g_autoptr(Fleet) fleet = fleet_new_empty(lab);
    unsigned n = lab->rig->n_bulk + 1;
    int64_t deadline_ns = clock_raw_ns() + boot_limit_ns(lab, n);

    fleet_set_condition(fleet, condition);
    add_member(fleet, GUEST_ROLE_MICRO, 0);
    for (unsigned i = 1; i < n; i++)
        add_member(fleet, GUEST_ROLE_BULK, i);

    for (unsigned i = 0; i < n; i++)
        if (!interrupt_check(lab->interrupt, error) ||
            !create_guest(fleet, fleet_guest(fleet, i), condition, block * n + i + 1, error))
            return NULL;
    for (unsigned i = 0; i < n; i++)
        if (!meet_probe(fleet, fleet_guest(fleet, i), condition_id, repeat, deadline_ns, error))
            return NULL;
    if (!fleet_arm(lab, fleet_guest(fleet, 0),
                   lab->rig->layout && counter_layout_guest_takes_turns(lab->rig->layout)
                       ? lab->rig->layout
                       : NULL,
                   error))
        return NULL;
    fault_point("probe.arm");
    return g_steal_pointer(&fleet);
}

bool
fleet_destroy(Fleet *fleet, GError **error)
{
    g_autoptr(GPtrArray) guests = g_ptr_array_new();
    bool gone;

    for (guint i = 0; i < fleet->guests->len; i++)
        if (fleet_guest(fleet, i)->guest)
            g_ptr_array_add(guests, fleet_guest(fleet, i)->guest);
    gone = guest_destroy_many(guests, error);
    for (guint i = 0; gone && i < fleet->guests->len; i++)
        g_clear_pointer(&fleet_guest(fleet, i)->guest, guest_free);
    for (guint i = 0; gone && i < fleet->guests->len; i++)
        g_clear_pointer(&fleet_guest(fleet, i)->disk, disk_free);
    for (guint i = 0; gone && i < fleet->guests->len; i++)
        g_clear_pointer(&fleet_guest(fleet, i)->image, image_free);
    return gone;
}

void
fleet_free(Fleet *fleet)
{
    if (!fleet)
        return;

    fleet_destroy(fleet, NULL);
    g_ptr_array_unref(fleet->guests);
    g_free(fleet);
}
