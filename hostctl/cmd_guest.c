/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <limits.h>
#include <stdio.h>

#include "common/base/cpuset.h"
#include "common/base/failure.h"
#include "common/base/pace.h"
#include "common/json/builder.h"
#include "hostctl/collect/host_facts.h"
#include "hostctl/command.h"
#include "hostctl/provision.h"
#include "hostctl/remote_host.h"
#include "hostctl/subcommand.h"
#include "hostctl/virt/guest_memory.h"
#include "hostctl/workbench.h"

#define DEFAULT_MEMORY_MIB 192
#define COUNT_MAX 1000

/* Options of `provision` as GOption gives them. */
typedef struct {
    char *role;
    char *cpus;
    char *load;
    char *image, *storage_pool, *kernel, *initrd, *cmdline;
    char *accelerator;
    int count, vcpus, memory_mib, quota_percent;
} GivenOptions;

static void
given_clear(GivenOptions *given)
{
    g_free(given->role);
    g_free(given->cpus);
    g_free(given->load);
    g_free(given->image);
    g_free(given->storage_pool);
    g_free(given->kernel);
    g_free(given->initrd);
    g_free(given->cmdline);
    g_free(given->accelerator);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(GivenOptions, given_clear)

/* Which CPUs another machine has, its libvirt says: any of them, unless they are given. */
static bool
choose_pool(const Sysroot *root, bool far, const char *cpus, cpu_set_t *ret_pool, GError **error)
{
    g_autoptr(HostFacts) facts = host_facts_read(root);
    cpu_set_t within;

    CPU_ZERO(ret_pool);
    if (!far)
        *ret_pool = host_default_pool(facts);
    if (!cpus)
        return true;
    if (!cpuset_parse(cpus, ret_pool, error)) {
        (*error)->code = FAILURE_USAGE;
        return false;
    }
    if (far)
        return true;
    CPU_AND(&within, ret_pool, &facts->online);
    return CPU_EQUAL(&within, ret_pool) ||
           failure_set(error, FAILURE_USAGE, "--cpus %s: not all of them are online", cpus);
}

static bool
in_range(const char *option, int value, int low, int high, GError **error)
{
    return (value >= low && value <= high) ||
           failure_set(error, FAILURE_USAGE, "%s %d: want %d to %d", option, value, low, high);
}

static bool
check_boot(const GivenOptions *given, GError **error)
{
    if (!given->image && (given->storage_pool || given->kernel || given->initrd || given->cmdline))
        return failure_set(error, FAILURE_USAGE,
                           "--storage-pool, --kernel, --initrd and --cmdline belong to --image");
    if (!given->kernel != !given->initrd || (given->cmdline && !given->kernel))
        return failure_set(error, FAILURE_USAGE,
                           "--kernel wants --initrd, and --cmdline wants both");
    return true;
}

static bool
check_given(const GivenOptions *given, GError **error)
{
    return in_range("--count", given->count, 1, COUNT_MAX, error) &&
           in_range("--vcpus", given->vcpus, 1, 64, error) &&
           in_range("--memory", given->memory_mib, 64, INT_MAX / 1024, error) &&
           in_range("--quota", given->quota_percent, 0, 1000, error) && check_boot(given, error);
}

static char *
used_uri(const CommandContext *context)
{
    return context->uri ? g_strdup(context->uri) : connection_default_uri();
}

/* libvirt carries volumes and no other files. */
static bool
check_far(const CommandContext *context, const char *uri, const GivenOptions *given, GError **error)
{
    return given->storage_pool ||
           remote_host_refuse_because(uri,
                                      "from here guests are made there of an image in a storage "
                                      "pool only (--image VOLUME --storage-pool POOL)",
                                      context->words, error);
}

/* The load's words stay with the caller, in *ret_load. */
static bool
fill_options(const CommandContext *context, const GivenOptions *given, const char *name,
             ProvisionOptions *options, char ***ret_load, GError **error)
{
    g_autofree char *uri = used_uri(context);

    if (!check_given(given, error) || !check_far(context, uri, given, error) ||
        !choose_pool(context->root, remote_host_is(uri), given->cpus, &options->pool, error) ||
        !guest_role_parse(given->role ? given->role : "bulk", &options->role, error))
        return false;
    if (given->load && !g_shell_parse_argv(given->load, NULL, ret_load, error)) {
        g_prefix_error(error, "--load: ");
        return false;
    }
    options->name = name;
    options->count = (unsigned) given->count;
    options->vcpus = (unsigned) given->vcpus;
    options->memory_kib = (uint64_t) given->memory_mib * 1024;
    options->cpu_quota_percent = (unsigned) given->quota_percent;
    options->load = *ret_load;
    options->image = given->image;
    options->storage_pool = given->storage_pool;
    options->kernel = given->kernel;
    options->initrd = given->initrd;
    options->cmdline = given->cmdline;
    options->accelerator = given->accelerator;
    return true;
}

static bool
parse_provision(int *argc, char ***argv, GivenOptions *given, GError **error)
{
    const GOptionEntry entries[] = {
        { "role", 0, 0, G_OPTION_ARG_STRING, &given->role, "micro or bulk (bulk)", "ROLE" },
        { "count", 0, 0, G_OPTION_ARG_INT, &given->count, "So many, NAME-1 to NAME-N", "N" },
        { "cpus", 0, 0, G_OPTION_ARG_STRING, &given->cpus,
          "Host CPUs it may run on (all, less one for the host when there are more than two)",
          "LIST" },
        { "vcpus", 0, 0, G_OPTION_ARG_INT, &given->vcpus, "Virtual CPUs (1)", "N" },
        { "memory", 0, 0, G_OPTION_ARG_INT, &given->memory_mib, "Memory (192)", "MIB" },
        { "quota", 0, 0, G_OPTION_ARG_INT, &given->quota_percent,
          "At most so much of a CPU for each vCPU", "PERCENT" },
        { "image", 0, 0, G_OPTION_ARG_FILENAME, &given->image,
          "From this cloud image (qcow2 or raw) instead of the appliance", "FILE" },
        { "storage-pool", 0, 0, G_OPTION_ARG_STRING, &given->storage_pool,
          "The image is a volume of this storage pool of libvirt", "POOL" },
        { "kernel", 0, 0, G_OPTION_ARG_FILENAME, &given->kernel, "Boot the image by this kernel",
          "FILE" },
        { "initrd", 0, 0, G_OPTION_ARG_FILENAME, &given->initrd, "and this initrd", "FILE" },
        { "cmdline", 0, 0, G_OPTION_ARG_STRING, &given->cmdline, "and this command line", "TEXT" },
        { "accelerator", 0, 0, G_OPTION_ARG_STRING, &given->accelerator,
          "kvm, tcg (QEMU translates) or auto: kvm where it is usable (auto)", "WHICH" },
        { "load", 0, 0, G_OPTION_ARG_STRING, &given->load, "Start a load in it", "COMMAND" },
        G_OPTION_ENTRY_NULL,
    };

    return subcommand_parse("NAME - start a guest that outlives this command", entries, 1, 1, argc,
                            argv, error);
}

static bool
guest_provision(const CommandContext *context, int argc, char **argv, GError **error)
{
    g_auto(GivenOptions) given = { .count = 1, .vcpus = 1, .memory_mib = DEFAULT_MEMORY_MIB };
    g_auto(Workbench) bench = { 0 };
    g_autoptr(Connection) connection = NULL;
    g_autoptr(GPtrArray) guests = NULL;
    g_auto(GStrv) load = NULL;
    g_autofree char *summary = NULL;
    ProvisionOptions options = { 0 };

    if (!parse_provision(&argc, &argv, &given, error) ||
        !fill_options(context, &given, argv[1], &options, &load, error) ||
        !workbench_open(context, WORKBENCH_CHANGE, &bench, error))
        return false;
    connection = connection_open(context->uri, bench.state, CONNECTION_TIMEOUT_MS,
                                 context->interrupt, error);
    pace_tell("booting");
    if (!connection || !provision(context, &bench, connection, &options, &guests, &summary, error))
        return false;

    pace_end();
    for (guint i = 0; i < guests->len; i++)
        printf("%s\n", guest_name(guests->pdata[i]));
    printf("running on %s: %s\n", connection_uri(connection), summary);
    return true;
}

static void
list_json(const GPtrArray *guests, const char *uri)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_put_u64(builder, "format", 1);
    json_put_text(builder, "uri", uri);
    json_builder_set_member_name(builder, "guests");
    json_builder_begin_array(builder);
    for (guint i = 0; i < guests->len; i++) {
        const Guest *guest = guests->pdata[i];

        json_builder_begin_object(builder);
        json_put_text(builder, "name", guest_name(guest));
        json_put_text(builder, "uuid", guest_uuid(guest));
        json_put_text(builder, "role", guest_role_name(guest_role(guest)));
        json_put_text(builder, "owner", guest_owner(guest));
        json_put_u64(builder, "vcpus", guest_vcpus(guest));
        json_put_u64(builder, "memory_kib", guest_max_memory_kib(guest));
        json_builder_set_member_name(builder, "emulated");
        json_builder_add_boolean_value(builder, guest_page_name(guest) != NULL);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    json_print(builder, stdout);
}

static void
list_text(const GPtrArray *guests)
{
    printf("%-40s %-6s %-10s %5s %10s %s\n", "GUEST", "ROLE", "OWNER", "VCPUS", "MEMORY MiB",
           "COUNTERS");
    for (guint i = 0; i < guests->len; i++) {
        const Guest *guest = guests->pdata[i];

        printf("%-40s %-6s %-10s %5u %10.0f %s\n", guest_name(guest),
               guest_role_name(guest_role(guest)), guest_owner(guest), guest_vcpus(guest),
               (double) guest_max_memory_kib(guest) / 1024,
               guest_page_name(guest) ? "emulated" : "-");
    }
}

static bool
guest_list(const CommandContext *context, int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    const GOptionEntry options[] = {
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print one JSON document", NULL },
        G_OPTION_ENTRY_NULL,
    };
    g_auto(Workbench) bench = { 0 };
    g_autoptr(Connection) connection = NULL;
    g_autoptr(GPtrArray) guests = NULL;

    if (!subcommand_parse("- guests that hostctl made", options, 0, 0, &argc, &argv, error) ||
        !workbench_open(context, WORKBENCH_READ, &bench, error))
        return false;
    connection = connection_open(context->uri, bench.state, CONNECTION_TIMEOUT_MS,
                                 context->interrupt, error);
    if (!connection || !guest_list_ours(connection, &guests, error))
        return false;
    if (json)
        list_json(guests, connection_uri(connection));
    else
        list_text(guests);
    return true;
}

/* The named guests, or all of ours. */
static bool
choose_guests(Connection *connection, bool all, char **names, GPtrArray **ret_guests,
              GError **error)
{
    g_autoptr(GPtrArray) guests = g_ptr_array_new_with_free_func((GDestroyNotify) guest_free);

    if (all)
        return guest_list_ours(connection, ret_guests, error);
    for (; *names; names++) {
        Guest *guest = guest_find(connection, *names, error);

        if (!guest)
            return false;
        g_ptr_array_add(guests, guest);
    }
    *ret_guests = g_steal_pointer(&guests);
    return true;
}

/* What one that was made there has besides volumes is out of reach here. */
static bool
refuse_made_there(const CommandContext *context, const Connection *connection,
                  const GPtrArray *guests, GError **error)
{
    for (guint i = 0; i < guests->len; i++) {
        const Guest *guest = guests->pdata[i];
        g_autofree char *why = g_strdup_printf("guest %s was made there, with files that only "
                                               "hostctl there removes",
                                               guest_name(guest));

        if (guest_is_ours(guest) && !guest_made_from_afar(guest) &&
            !remote_host_refuse_because(connection_uri(connection), why, context->words, error))
            return false;
    }
    return true;
}

static bool
guest_end(const CommandContext *context, int argc, char **argv, GError **error)
{
    gboolean all = FALSE;
    const GOptionEntry options[] = {
        { "all", 0, 0, G_OPTION_ARG_NONE, &all, "All guests that hostctl made", NULL },
        G_OPTION_ENTRY_NULL,
    };
    g_auto(Workbench) bench = { 0 };
    g_autoptr(Connection) connection = NULL;
    g_autoptr(GPtrArray) guests = NULL;

    if (!subcommand_parse("GUEST… | --all - end guests that hostctl made", options, 0, INT_MAX,
                          &argc, &argv, error))
        return false;
    if ((argc > 1) == (bool) all)
        return failure_set(error, FAILURE_USAGE, "want names of guests, or --all");
    if (!workbench_open(context, WORKBENCH_RECOVER, &bench, error))
        return false;
    connection = connection_open(context->uri, bench.state, CONNECTION_TIMEOUT_MS,
                                 context->interrupt, error);
    pace_tell("ending guests");
    if (!connection || !choose_guests(connection, all, argv + 1, &guests, error) ||
        !refuse_made_there(context, connection, guests, error) ||
        !guest_destroy_many(guests, error))
        return false;
    pace_end();
    for (guint i = 0; i < guests->len; i++)
        printf("%s\n", guest_name(guests->pdata[i]));
    return true;
}

static const Command verbs[] = {
    { "provision", guest_provision, "NAME: start guests, wait until their probes talk", NULL },
    { "list", guest_list, "guests that hostctl made (--json)", NULL },
    { "destroy", guest_end, "GUEST… or --all: end them", NULL },
};

bool
cmd_guest(const CommandContext *context, int argc, char **argv, GError **error)
{
    return subcommand_run(context, verbs, G_N_ELEMENTS(verbs), argc, argv, error);
}
