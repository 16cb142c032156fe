/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "common/base/failure.h"
#include "common/base/pace.h"
#include "common/base/text.h"
#include "common/json/builder.h"
#include "hostctl/balloon_record.h"
#include "hostctl/command.h"
#include "hostctl/subcommand.h"
#include "hostctl/virt/guest_memory.h"
#include "hostctl/workbench.h"

#define STALL_MS 5000
#define TIMEOUT_MS 120000
/* A guest that is squeezed into its last memory panics instead of refusing. */
#define LEAST_LEFT_KIB (32u * 1024u)

/* The statistics that are shown: JSON key, heading, member. */
static const struct {
    const char *key;
    const char *heading;
    size_t offset;
} columns[] = {
    { "actual_kib", "ACTUAL", offsetof(GuestMemory, actual_kib) },
    { "available_kib", "AVAILABLE", offsetof(GuestMemory, available_kib) },
    { "usable_kib", "USABLE", offsetof(GuestMemory, usable_kib) },
    { "unused_kib", "UNUSED", offsetof(GuestMemory, unused_kib) },
    { "rss_kib", "RSS", offsetof(GuestMemory, rss_kib) },
};

static uint64_t
column_value(const GuestMemory *memory, size_t i)
{
    return *(const uint64_t *) ((const char *) memory + columns[i].offset);
}

static void
add_json(JsonBuilder *builder, const Guest *guest, const GuestMemory *memory)
{
    json_builder_begin_object(builder);
    json_put_text(builder, "name", guest_name(guest));
    json_builder_set_member_name(builder, "ours");
    json_builder_add_boolean_value(builder, guest_is_ours(guest));
    json_put_u64(builder, "memory_kib", guest_max_memory_kib(guest));
    for (size_t i = 0; i < G_N_ELEMENTS(columns); i++)
        json_put_u64(builder, columns[i].key, column_value(memory, i));
    json_builder_set_member_name(builder, "fresh");
    json_builder_add_boolean_value(builder, memory->fresh);
    json_builder_end_object(builder);
}

static void
print_row(const Guest *guest, const GuestMemory *memory)
{
    printf("%-24s %-4s %10.0f", guest_name(guest), guest_is_ours(guest) ? "yes" : "no",
           (double) guest_max_memory_kib(guest) / 1024);
    for (size_t i = 0; i < G_N_ELEMENTS(columns); i++) {
        if (column_value(memory, i) == GUEST_MEMORY_UNKNOWN)
            printf(" %10s", "-");
        else
            printf(" %10.0f", (double) column_value(memory, i) / 1024);
    }
    printf("%s\n", memory->fresh ? "" : "  (the guest's driver does not report)");
}

static void
print_headings(void)
{
    printf("%-24s %-4s %10s", "GUEST (MiB)", "OURS", "MEMORY");
    for (size_t i = 0; i < G_N_ELEMENTS(columns); i++)
        printf(" %10s", columns[i].heading);
    printf("\n");
}

/* The named guest, or all. */
static bool
choose_guests(Connection *connection, const char *name, GPtrArray **ret_guests, GError **error)
{
    Guest *guest;

    if (!name)
        return guest_list_all(connection, ret_guests, error);
    guest = guest_find(connection, name, error);
    if (!guest)
        return false;
    *ret_guests = g_ptr_array_new_with_free_func((GDestroyNotify) guest_free);
    g_ptr_array_add(*ret_guests, guest);
    return true;
}

static void
show(const GPtrArray *guests, bool json)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_put_u64(builder, "format", 1);
    json_builder_set_member_name(builder, "guests");
    json_builder_begin_array(builder);
    if (!json)
        print_headings();
    for (guint i = 0; i < guests->len; i++) {
        GuestMemory memory;

        /* One that ends meanwhile is left out. */
        if (!guest_memory(guests->pdata[i], &memory, NULL))
            continue;
        if (json)
            add_json(builder, guests->pdata[i], &memory);
        else
            print_row(guests->pdata[i], &memory);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    if (json)
        json_print(builder, stdout);
}

static bool
balloon_show(const CommandContext *context, int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    const GOptionEntry options[] = {
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print one JSON document", NULL },
        G_OPTION_ENTRY_NULL,
    };
    g_auto(Workbench) bench = { 0 };
    g_autoptr(Connection) connection = NULL;
    g_autoptr(GPtrArray) guests = NULL;

    if (!subcommand_parse("[GUEST] - memory of all guests, or of one", options, 0, 1, &argc, &argv,
                          error) ||
        !workbench_open(context, WORKBENCH_READ, &bench, error))
        return false;
    connection = connection_open(context->uri, bench.state, CONNECTION_TIMEOUT_MS,
                                 context->interrupt, error);
    if (!connection || !choose_guests(connection, argc > 1 ? argv[1] : NULL, &guests, error))
        return false;
    show(guests, json);
    return true;
}

static bool
report_balloon(const Guest *guest, const BalloonResult *result, GError **error)
{
    g_autofree char *asked = text_of_kib(result->asked_kib);
    g_autofree char *reached = text_of_kib(result->reached_kib);

    pace_end();
    printf("%s: asked %s, %s at %s after %.1f s\n", guest_name(guest), asked,
           balloon_end_name(result->end), reached, (double) result->took_ns / 1e9);
    return result->end == BALLOON_REACHED ||
           failure_set(error, FAILURE_NO, "guest %s did not get there", guest_name(guest));
}

/* What the guest could give up now, by its own word; a guest that does not report is believed. */
static bool
leaves_enough(const Guest *guest, uint64_t target_kib, GError **error)
{
    GuestMemory memory;
    g_autofree char *usable = NULL;
    g_autofree char *taken = NULL;
    uint64_t taken_kib;

    if (!guest_memory(guest, &memory, error))
        return false;
    if (!memory.fresh || memory.usable_kib == GUEST_MEMORY_UNKNOWN ||
        memory.actual_kib == GUEST_MEMORY_UNKNOWN || target_kib >= memory.actual_kib)
        return true;
    taken_kib = memory.actual_kib - target_kib;
    if (taken_kib + LEAST_LEFT_KIB <= memory.usable_kib)
        return true;
    usable = text_of_kib(memory.usable_kib);
    taken = text_of_kib(taken_kib);
    return failure_set(error, FAILURE_FAILED,
                       "guest %s has %s to spare: %s less leaves under %u MiB, and it would panic",
                       guest_name(guest), usable, taken, LEAST_LEFT_KIB / 1024);
}

static bool
move_balloon(Guest *guest, Journal *journal, Connection *connection, uint64_t target_kib,
             const Interrupt *interrupt, GError **error)
{
    BalloonResult result;

    pace_tell("waiting for the balloon");
    if (!guest_is_ours(guest))
        return failure_set(error, FAILURE_FAILED,
                           "guest %s was not made by hostctl and is not changed",
                           guest_name(guest));
    return leaves_enough(guest, target_kib, error) &&
           balloon_record_add(journal, guest, connection_uri(connection), target_kib, error) &&
           guest_balloon_ask(guest, target_kib, error) &&
           guest_balloon_await(guest, target_kib, STALL_MS, TIMEOUT_MS, interrupt, &result,
                               error) &&
           report_balloon(guest, &result, error);
}

static bool
balloon_set(const CommandContext *context, int argc, char **argv, GError **error)
{
    g_auto(Workbench) bench = { 0 };
    g_autoptr(Connection) connection = NULL;
    g_autoptr(Guest) guest = NULL;
    uint64_t target_kib;

    if (!subcommand_parse(
            "GUEST SIZE - give a guest SIZE of its memory (512M, 1G; a number is MiB)", NULL, 2, 2,
            &argc, &argv, error))
        return false;
    if (!text_to_kib(argv[2], 1024, &target_kib, error)) {
        (*error)->code = FAILURE_USAGE;
        return false;
    }
    if (!workbench_open(context, WORKBENCH_CHANGE, &bench, error))
        return false;
    connection = connection_open(context->uri, bench.state, CONNECTION_TIMEOUT_MS,
                                 context->interrupt, error);
    guest = connection ? guest_find(connection, argv[1], error) : NULL;
    return guest &&
           move_balloon(guest, bench.journal, connection, target_kib, context->interrupt, error);
}

/* Guests may be on several libvirts: each is opened for its own entries only. */
static bool
restore_one(const CommandContext *context, Workbench *bench, const JournalEntry *entry,
            GError **error)
{
    g_autoptr(Connection) connection =
        connection_open(entry->uri, bench->state, CONNECTION_TIMEOUT_MS, context->interrupt, error);
    g_autofree char *note = NULL;

    if (!connection || !balloon_record_undo(bench->journal, connection, entry, &note, error))
        return false;
    printf("%s\n", note);
    return true;
}

static bool
balloon_restore(const CommandContext *context, int argc, char **argv, GError **error)
{
    g_auto(Workbench) bench = { 0 };
    g_autoptr(GPtrArray) entries = NULL;

    if (!subcommand_parse("- balloons as before the first `hostctl balloon set`", NULL, 0, 0, &argc,
                          &argv, error) ||
        !workbench_open(context, WORKBENCH_CHANGE, &bench, error))
        return false;
    entries = journal_unfinished(bench.journal);
    for (guint i = 0; i < entries->len; i++) {
        const JournalEntry *entry = entries->pdata[i];

        if (entry->kind == JOURNAL_BALLOON && entry->held && journal_entry_same_boot(entry) &&
            !restore_one(context, &bench, entry, error))
            return false;
    }
    return true;
}

static const Command verbs[] = {
    { "show", balloon_show, "[GUEST]: what guests have and use (--json)", NULL },
    { "set", balloon_set, "GUEST SIZE: change one of hostctl's guests; exit 3 if it stops short",
      NULL },
    { "restore", balloon_restore, "put back what was before the first set", NULL },
};

bool
cmd_balloon(const CommandContext *context, int argc, char **argv, GError **error)
{
    return subcommand_run(context, verbs, G_N_ELEMENTS(verbs), argc, argv, error);
}
