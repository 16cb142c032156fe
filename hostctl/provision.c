/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/provision.h"

#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "hostctl/link/guest_link.h"
#include "hostctl/virt/far_kvm.h"
#include "hostctl/virt/guest_stream.h"
#include "hostctl/virt/image.h"

#define VMID_MAX 65535
/* Boot takes some 3 s of a CPU under plain TCG, up to 15 s with modelled counters. */
#define BOOT_BASE_MS 60000
#define BOOT_GUEST_MS 15000
/* A whole distribution, and cloud-init behind it. */
#define BOOT_IMAGE_KVM_MS 180000
#define BOOT_IMAGE_TCG_MS 900000
#define LOAD_TIMEOUT_MS 30000
#define CONSOLE_TAIL_BYTES 600

/* What is the same for all guests of one call. */
typedef struct {
    Accelerator accelerator;
    char *kernel;
    char *initrd;
    char *plugin; /* NULL: no emulated counters */
    bool far;     /* on another machine */
} Ground;

static void
ground_clear(Ground *ground)
{
    g_free(ground->kernel);
    g_free(ground->initrd);
    g_free(ground->plugin);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ground, ground_clear)

static const char *
wanted_accelerator(const ProvisionOptions *options)
{
    return options->accelerator ? options->accelerator : "auto";
}

/* Nothing of this machine is of use there. */
static bool
prepare_far(Connection *connection, const ProvisionOptions *options, Ground *ground,
            char **ret_summary, GError **error)
{
    g_autofree char *why = NULL;
    g_autofree char *reason = NULL;
    bool kvm = far_kvm_usable(connection, &why);

    ground->far = true;
    if (!accelerator_decide(wanted_accelerator(options), kvm, why, &ground->accelerator, &reason,
                            error))
        return false;
    *ret_summary = g_strdup_printf(
        "accelerator %s (%s), %s counters", accelerator_name(ground->accelerator), reason,
        ground->accelerator == ACCELERATOR_KVM ? "hardware" : "only software");
    return true;
}

static bool
prepare_ground(const CommandContext *context, Workbench *bench, Connection *connection,
               const ProvisionOptions *options, Ground *ground, char **ret_summary, GError **error)
{
    g_autofree char *reason = NULL;

    ground->kernel = g_strdup(options->kernel);
    ground->initrd = g_strdup(options->initrd);
    if (connection_is_remote(connection))
        return prepare_far(connection, options, ground, ret_summary, error);
    if (!accelerator_choose(context->root, wanted_accelerator(options), &ground->accelerator,
                            &reason, error))
        return false;
    if (!options->image &&
        !state_guest_image(bench->state, &ground->kernel, &ground->initrd, error))
        return false;
    if (ground->accelerator == ACCELERATOR_TCG &&
        !state_install_plugin(bench->state, &ground->plugin, error))
        return false;
    *ret_summary =
        g_strdup_printf("accelerator %s (%s), %s counters", accelerator_name(ground->accelerator),
                        reason, ground->plugin ? "emulated" : "hardware");
    return true;
}

static char *
page_name(const char *owner, unsigned vmid)
{
    return g_strdup_printf(GUEST_SHM_PREFIX "%s-%u", owner, vmid);
}

/* The smallest number after `last` whose page no guest has. */
static unsigned
next_vmid(const char *owner, unsigned last)
{
    for (unsigned vmid = last + 1; vmid <= VMID_MAX; vmid++) {
        g_autofree char *page = page_name(owner, vmid);
        g_autofree char *path = g_strconcat("/dev/shm/", page, NULL);

        if (access(path, F_OK) < 0)
            return vmid;
    }
    return VMID_MAX;
}

/* *ret_image: what it boots from; NULL without an image. */
static Guest *
create_one(Connection *connection, Workbench *bench, const ProvisionOptions *options,
           const Ground *ground, unsigned number, unsigned *vmid, Image **ret_image, GError **error)
{
    g_autofree char *name = options->count > 1 ? g_strdup_printf("%s-%u", options->name, number)
                                               : g_strdup(options->name);
    const char *owner = options->owner ? options->owner : PROVISION_OWNER;
    g_autofree char *silicon = g_strdup_printf(GUEST_SHM_PREFIX "%s-silicon", owner);
    g_autofree char *page = NULL;
    GuestSpec spec = {
        .name = name,
        .role = options->role,
        .owner = owner,
        .accelerator = ground->accelerator,
        .vcpus = options->vcpus,
        .memory_kib = options->memory_kib,
        .pool = CPU_COUNT(&options->pool) > 0 ? &options->pool : NULL,
        .far = ground->far,
        .kernel = ground->kernel,
        .initrd = ground->initrd,
        .cmdline = options->cmdline,
        .balloon = true,
        .cpu_quota_percent = options->cpu_quota_percent,
    };

    if (options->image) {
        const ImageSource source = { options->image, options->storage_pool };

        if (!guest_name_is_free(connection, name, error) ||
            !(*ret_image =
                  image_new(bench->journal, bench->state, connection, name, &source, error)))
            return NULL;
        spec.overlay = image_overlay(*ret_image);
        spec.backing = image_backing(*ret_image);
        spec.backing_format = image_backing_format(*ret_image);
        spec.seed = image_seed(*ret_image);
        spec.storage_pool = options->storage_pool;
    }
    if (ground->plugin) {
        *vmid = next_vmid(owner, *vmid);
        page = page_name(owner, *vmid);
        spec.emulated = (GuestEmulation){
            .plugin_path = ground->plugin, .page_name = page, .silicon_name = silicon, .vmid = *vmid
        };
    }
    return guest_create(connection, bench->journal, &spec, error);
}

static bool
start_load(GuestLink *link, char **load, const Interrupt *interrupt, GError **error)
{
    g_autofree Message *request = g_new0(Message, 1), *reply = g_new0(Message, 1);
    const char *const no_env[] = { NULL };

    request->kind = FRAME_LOAD;
    if (!message_pack_strv((const char *const *) load, request->load.argv,
                           sizeof request->load.argv, &request->load.argv_len) ||
        !message_pack_strv(no_env, request->load.env, sizeof request->load.env,
                           &request->load.env_len))
        return failure_set(error, FAILURE_USAGE, "the load is longer than %d bytes",
                           WIRE_COMMAND_MAX);
    if (!guest_link_ask(link, request, FRAME_LOADED, LOAD_TIMEOUT_MS, interrupt, reply, error))
        return false;
    return reply->loaded.error == 0 ||
           failure_set_errno(error, reply->loaded.error, "guest %s: starting its load",
                             guest_link_name(link));
}

/* Why it never talked is on its console. */
static bool
never_talked(const Guest *guest, const GError *why, const Interrupt *interrupt, GError **error)
{
    g_autofree char *console = guest_console_tail(guest, CONSOLE_TAIL_BYTES);

    if (interrupt_signal(interrupt))
        return interrupt_check(interrupt, error);
    return failure_set(error, FAILURE_FAILED, "%s; the end of its console:\n%s", why->message,
                       *console ? console : "(nothing)");
}

/* *ret_stream: what carries it, of a guest on another machine. */
static GuestLink *
open_link(const Guest *guest, bool far, GuestStream **ret_stream, GError **error)
{
    g_autofree char *path = NULL;
    int fd;

    if (!far)
        return guest_channel_path(guest, &path, error)
                   ? guest_link_open(guest_name(guest), path, error)
                   : NULL;
    *ret_stream = guest_stream_open(guest, GUEST_STREAM_PROBE, &fd, error);
    return *ret_stream ? guest_link_new(guest_name(guest), fd) : NULL;
}

static bool
meet_probe(Guest *guest, const ProvisionOptions *options, bool far, int64_t deadline_ns,
           const Interrupt *interrupt, GError **error)
{
    g_autoptr(GuestStream) stream = NULL; /* declared before the link, freed after it */
    int64_t left_ms = MAX(1000, (deadline_ns - clock_raw_ns()) / NS_PER_MS);
    g_autofree HelloMessage *hello = g_new0(HelloMessage, 1);
    g_autoptr(GuestLink) link = NULL;
    g_autoptr(GError) why = NULL;

    link = open_link(guest, far, &stream, error);
    if (!link)
        return false;
    if (!guest_link_hello(link, (int) left_ms, interrupt, hello, &why))
        return never_talked(guest, why, interrupt, error);
    return !options->load || start_load(link, options->load, interrupt, error);
}

static int64_t
patience(const ProvisionOptions *options, const Ground *ground)
{
    int64_t base_ms = !options->image                          ? BOOT_BASE_MS
                      : ground->accelerator == ACCELERATOR_TCG ? BOOT_IMAGE_TCG_MS
                                                               : BOOT_IMAGE_KVM_MS;

    return base_ms + (int64_t) BOOT_GUEST_MS * options->count / MAX(1, CPU_COUNT(&options->pool));
}

static bool
make_all(const CommandContext *context, Workbench *bench, Connection *connection,
         const ProvisionOptions *options, const Ground *ground, GPtrArray *guests,
         GPtrArray *images, GError **error)
{
    int64_t patience_ms = patience(options, ground);
    unsigned vmid = 0;
    int64_t deadline_ns;

    for (unsigned i = 1; i <= options->count; i++) {
        Image *image = NULL;
        Guest *guest = interrupt_check(context->interrupt, error)
                           ? create_one(connection, bench, options, ground, i, &vmid, &image, error)
                           : NULL;

        if (image)
            g_ptr_array_add(images, image);

        if (!guest)
            return false;
        g_ptr_array_add(guests, guest);
    }
    deadline_ns = clock_raw_ns() + patience_ms * NS_PER_MS;
    for (guint i = 0; i < guests->len; i++)
        if (!meet_probe(guests->pdata[i], options, ground->far, deadline_ns, context->interrupt,
                        error))
            return false;
    for (guint i = 0; i < guests->len && !options->passing; i++)
        if (!guest_keep(guests->pdata[i], error))
            return false;
    for (guint i = 0; i < images->len && !options->passing; i++)
        if (!image_keep(images->pdata[i], error))
            return false;
    return true;
}

bool
provision(const CommandContext *context, Workbench *bench, Connection *connection,
          const ProvisionOptions *options, GPtrArray **ret_guests, char **ret_summary,
          GError **error)
{
    g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func((GDestroyNotify) image_free);
    g_autoptr(GPtrArray) guests = g_ptr_array_new_with_free_func((GDestroyNotify) guest_free);
    g_auto(Ground) ground = { 0 };
    g_autofree char *summary = NULL;

    if (!prepare_ground(context, bench, connection, options, &ground, &summary, error))
        return false;
    if (!make_all(context, bench, connection, options, &ground, guests, images, error)) {
        g_autoptr(GError) problem = NULL;

        if (!guest_destroy_many(guests, &problem))
            g_prefix_error(error, "(%s; hostctl recover tries again) ", problem->message);
        return false;
    }
    *ret_guests = g_steal_pointer(&guests);
    *ret_summary = g_steal_pointer(&summary);
    return true;
}
