/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <sys/stat.h>

#include "common/base/failure.h"
#include "common/base/pace.h"
#include "common/base/text.h"
#include "common/pmu/pmu_group.h"
#include "hostctl/collect/qemu_process.h"
#include "hostctl/command.h"
#include "hostctl/profile/obstacle.h"
#include "hostctl/profile/perf_command.h"
#include "hostctl/profile/symbol_fetch.h"
#include "hostctl/remote_host.h"
#include "hostctl/state.h"
#include "hostctl/subcommand.h"
#include "hostctl/virt/guest.h"

#define DEFAULT_SECONDS 10
#define MOST_SECONDS (24 * 3600.0)

typedef struct {
    char *output, *event, *kallsyms, *modules;
    PmuEvent encoded; /* the event, to see whether it can be opened */
    double seconds;
    gboolean symbols_only;
} Given;

static void
given_clear(Given *given)
{
    g_free(given->output);
    g_free(given->event);
    g_free(given->kallsyms);
    g_free(given->modules);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Given, given_clear)

static bool
check_given(const Given *given, GError **error)
{
    if (!(given->seconds >= 0.1 && given->seconds <= MOST_SECONDS))
        return failure_set(error, FAILURE_USAGE, "--for wants 0.1 to %.0f seconds", MOST_SECONDS);
    if (given->modules && !given->kallsyms)
        return failure_set(error, FAILURE_USAGE, "--guestmodules goes with --guestkallsyms");
    if (given->symbols_only && given->kallsyms)
        return failure_set(error, FAILURE_USAGE,
                           "--symbols-only fetches them, --guestkallsyms has them: either");
    return true;
}

/* By name or UUID, whoever made it. */
static Guest *
find_guest(Connection *connection, const char *domain, GError **error)
{
    Guest *guest = NULL;

    if (!g_uuid_string_is_valid(domain))
        return guest_find(connection, domain, error);
    if (guest_find_uuid(connection, domain, &guest, error) && !guest)
        failure_set(error, FAILURE_FAILED, "there is no guest %s on %s", domain,
                    connection_uri(connection));
    return guest;
}

/* With the lock, since a channel has room for one host: a run that measures holds it. */
static GuestLink *
open_link(const CommandContext *context, State *state, const char *domain, GError **error)
{
    g_autoptr(Connection) connection = NULL;
    g_autoptr(Guest) guest = NULL;
    g_autoptr(GuestLink) link = NULL;
    g_autofree char *path = NULL;

    if (!state_lock(state, error)) {
        g_prefix_error(error, "the guest's channel may be in use: ");
        return NULL;
    }
    connection =
        connection_open(context->uri, state, CONNECTION_TIMEOUT_MS, context->interrupt, error);
    guest = connection ? find_guest(connection, domain, error) : NULL;
    if (!guest || !guest_channel_path(guest, &path, error))
        return NULL;
    link = guest_link_open(guest_name(guest), path, error);
    if (!link || !symbol_fetch_greet(link, context->interrupt, error))
        return NULL;
    return g_steal_pointer(&link);
}

static bool
fetch(const CommandContext *context, State *state, const char *domain, const SymbolFolder *folder,
      SymbolCounts *ret_counts, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(GuestLink) link = open_link(context, state, domain, &problem);

    if (link)
        return symbol_fetch(link, folder, context->interrupt, ret_counts, error);
    if (interrupt_signal(context->interrupt) != 0) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    return failure_set(error, FAILURE_FAILED,
                       "%s\nWithout its probe: copy /proc/kallsyms and /proc/modules out of the "
                       "guest, as its root, and give the copies with --guestkallsyms=FILE "
                       "--guestmodules=FILE.",
                       problem->message);
}

static bool
copy(const Given *given, const SymbolFolder *folder, SymbolCounts *ret_counts, GError **error)
{
    const char *modules = given->modules ? given->modules : "/dev/null";
    g_autoptr(SymbolFile) none = NULL;

    if (!symbol_file_copy(folder, WIRE_FILE_KALLSYMS, given->kallsyms, &ret_counts->symbols, error))
        return false;
    if (given->modules)
        return symbol_file_copy(folder, WIRE_FILE_MODULES, modules, &ret_counts->modules, error);
    none = symbol_file_begin(folder, WIRE_FILE_MODULES, modules, error);
    return none && symbol_file_end(none, &ret_counts->modules, error);
}

/* The folder with both files in it; libvirt and the lock are let go before anything is recorded. */
static SymbolFolder *
gather(const CommandContext *context, const Given *given, const char *domain, GError **error)
{
    bool by_hand = given->kallsyms != NULL;
    g_autoptr(State) state = by_hand && given->output ? NULL : state_open(error);
    g_autoptr(SymbolFolder) folder = NULL;
    g_autofree char *shown = text_printable(domain, 64);
    SymbolCounts counts = { 0 };

    if (!state && !(by_hand && given->output))
        return NULL;
    folder = given->output ? symbol_folder_new(given->output, error)
                           : symbol_folder_new_within(state_dir(state), error);
    if (!folder || !(by_hand ? copy(given, folder, &counts, error)
                             : fetch(context, state, domain, folder, &counts, error)))
        return NULL;
    pace_end();
    printf("%" G_GUINT64_FORMAT " symbols and %" G_GUINT64_FORMAT " modules of guest %s in %s\n",
           counts.symbols, counts.modules, shown, symbol_folder_path(folder));
    fflush(stdout);
    return g_steal_pointer(&folder);
}

/* Opened once and closed again: whether perf could. */
static bool
check_event(const Sysroot *root, const QemuProcess *process, const PmuEvent *event, GError **error)
{
    const PmuTarget target = {
        .tid = g_array_index(process->vcpus, QemuThread, 0).tid,
        .cpu = -1,
    };
    g_autoptr(PmuGroup) group = pmu_group_new(&target);
    g_autoptr(GError) problem = NULL;
    g_autofree char *shown = text_printable(process->guest, 64);
    const ProfileSubject subject = {
        .tcg = process->tcg,
        .software = pmu_event_is_software(event),
        .refusal = process->tcg ? 0 : pmu_group_add(group, event, &problem),
    };
    const char *obstacle = profile_obstacle(root, &subject);

    if (!obstacle && subject.refusal == 0)
        return true;
    return failure_set(error, FAILURE_UNSUPPORTED,
                       "guest %s cannot be sampled: %s.\nIts symbols can be fetched all the same, "
                       "with --symbols-only.",
                       shown, obstacle ? obstacle : problem->message);
}

static bool
has_data(const char *path, GError **error)
{
    struct stat info;

    if (stat(path, &info) < 0 || info.st_size == 0)
        return failure_set(error, FAILURE_FAILED,
                           "perf was stopped before it had written anything");
    return true;
}

static bool
record(const CommandContext *context, const Given *given, const QemuProcess *process,
       const char *program, SymbolFolder *folder, GError **error)
{
    const PerfCommand command = {
        .kallsyms = symbol_folder_file(folder, WIRE_FILE_KALLSYMS),
        .modules = symbol_folder_file(folder, WIRE_FILE_MODULES),
        .data = symbol_folder_data(folder),
        .event = given->event,
        .pid = process->pid,
        .seconds = given->seconds,
    };
    g_auto(GStrv) argv = perf_command_record(&command, program);
    g_autofree char *report = perf_command_report(&command);
    uint64_t start_ticks;
    bool stopped = false;

    if (!thread_start_ticks(context->root, process->pid, process->pid, &start_ticks, NULL) ||
        start_ticks != process->start_ticks)
        return failure_set(error, FAILURE_FAILED, "the guest has ended meanwhile");
    if (!perf_command_run(argv, context->interrupt, &stopped, error) ||
        !has_data(command.data, error))
        return false;
    symbol_folder_keep(folder);
    printf("%s %s; read it with\n  %s\n",
           stopped ? "stopped by a signal, and recorded up to then:" : "recorded", command.data,
           report);
    return true;
}

static bool
profile(const CommandContext *context, const Given *given, const char *domain, GError **error)
{
    g_autofree char *program = g_find_program_in_path("perf");
    g_autoptr(QemuProcess) process = NULL;
    g_autoptr(SymbolFolder) folder = NULL;

    if (!sysroot_is_live(context->root))
        return failure_set(error, FAILURE_USAGE, "sampling needs the machine itself: no --root");
    if (given->symbols_only) {
        folder = gather(context, given, domain, error);
        if (folder)
            symbol_folder_keep(folder);
        return folder != NULL;
    }
    if (!qemu_process_find(context->root, domain, &process, error) ||
        !check_event(context->root, process, &given->encoded, error))
        return false;
    if (!program)
        return failure_set(error, FAILURE_FAILED,
                           "perf is not installed (Debian's package linux-perf)");
    /* By UUID, where QEMU was told one: the guest that is sampled, whatever else has its name. */
    folder = gather(context, given, process->uuid ? process->uuid : domain, error);
    return folder && record(context, given, process, program, folder, error);
}

/* Where libvirt's own default is another machine. */
static bool
check_default_uri(const CommandContext *context, GError **error)
{
    g_autofree char *uri = context->uri ? NULL : connection_default_uri();

    return !uri || remote_host_refuse(uri, context->words, error);
}

bool
cmd_profile(const CommandContext *context, int argc, char **argv, GError **error)
{
    g_auto(Given) given = { .seconds = DEFAULT_SECONDS };
    const GOptionEntry options[] = {
        { "for", 0, 0, G_OPTION_ARG_DOUBLE, &given.seconds, "Sample for so long (default 10)",
          "SECONDS" },
        { "event", 'e', 0, G_OPTION_ARG_STRING, &given.event,
          "Sample by this event of perf's (default cycles; cpu-clock needs no PMU)", "EVENT" },
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &given.output,
          "A new folder for symbols and samples (default: one in the state folder)", "DIR" },
        { "symbols-only", 0, 0, G_OPTION_ARG_NONE, &given.symbols_only,
          "Fetch the symbols and sample nothing", NULL },
        { "guestkallsyms", 0, 0, G_OPTION_ARG_FILENAME, &given.kallsyms,
          "A copy of the guest's /proc/kallsyms, instead of asking its probe", "FILE" },
        { "guestmodules", 0, 0, G_OPTION_ARG_FILENAME, &given.modules,
          "and of its /proc/modules (default: no modules)", "FILE" },
        G_OPTION_ENTRY_NULL,
    };

    if (!subcommand_parse("DOMAIN - sample a guest's kernel with perf kvm", options, 1, 1, &argc,
                          &argv, error) ||
        !check_given(&given, error) || !check_default_uri(context, error))
        return false;
    if (!given.event)
        given.event = g_strdup("cycles");
    if (!pmu_event_encode(given.event, PMU_MODE_GUEST, &given.encoded, error))
        return false;
    return profile(context, &given, argv[1], error);
}
