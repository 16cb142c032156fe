/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/ring/look_back.h"

#include "common/base/failure.h"
#include "common/base/moment.h"
#include "common/base/text.h"

#define NAMED_GUESTS 12 /* in an error */

typedef struct {
    char name[RING_GUEST_BYTES];
    int64_t from_ns, to_ns;
    GuestView *guest;
    double seconds;
    bool has_blame;
    int64_t first_ns, last_ns; /* what was found in the stretch */
    int64_t oldest_ns, newest_ns;
    GHashTable *others; /* names of guests in the stretch */
} Search;

static void
add_record(Search *search, const RingRecord *record, int64_t start_ns)
{
    GuestView *guest = search->guest;

    search->seconds += record->interval_ns / 1e9;
    search->has_blame = search->has_blame || record->has_blame;
    search->first_ns = search->first_ns ? MIN(search->first_ns, start_ns) : start_ns;
    search->last_ns = MAX(search->last_ns, record->wall_ns);
    guest->run_ns += record->run_ns;
    guest->wait_ns += record->wait_ns;
    for (unsigned i = 0; i < record->n_causes; i++)
        guest_view_add_cause(guest, record->causes[i].kind, record->causes[i].name,
                             record->causes[i].wait_ns);
    if (record->rest_ns > 0)
        guest_view_add_cause(guest, BLAME_OTHER, "lesser causes", record->rest_ns);
    if (guest->vcpus->len < record->vcpus)
        g_array_set_size(guest->vcpus, record->vcpus);
}

static void
visit(const RingRecord *record, void *data)
{
    Search *search = data;
    int64_t start_ns = record->wall_ns - (int64_t) record->interval_ns;

    search->oldest_ns = search->oldest_ns ? MIN(search->oldest_ns, start_ns) : start_ns;
    search->newest_ns = MAX(search->newest_ns, record->wall_ns);
    if (record->wall_ns <= search->from_ns || start_ns >= search->to_ns)
        return;
    if (g_str_equal(record->guest, search->name))
        add_record(search, record, start_ns);
    else if (g_hash_table_size(search->others) < NAMED_GUESTS)
        g_hash_table_add(search->others, text_printable(record->guest, RING_GUEST_BYTES));
}

static bool
not_found(const Search *search, const char *path, GError **error)
{
    g_autofree char *oldest = moment_print(search->oldest_ns);
    g_autofree char *newest = moment_print(search->newest_ns);
    g_autofree char *from = moment_print(search->from_ns);
    g_autoptr(GList) names =
        g_list_sort(g_hash_table_get_keys(search->others), (GCompareFunc) g_strcmp0);
    g_autoptr(GString) list = g_string_new(NULL);

    if (search->newest_ns == 0)
        return failure_set(error, FAILURE_FAILED, "the ring %s is empty so far", path);
    if (search->to_ns <= search->oldest_ns || search->from_ns >= search->newest_ns)
        return failure_set(error, FAILURE_FAILED,
                           "the ring %s reaches from %s to %s; %s is outside of it", path, oldest,
                           newest, from);
    for (GList *name = names; name; name = name->next)
        g_string_append_printf(list, "%s%s", list->len ? ", " : "", (char *) name->data);
    if (list->len == 0)
        return failure_set(error, FAILURE_FAILED,
                           "the ring %s has no guest at %s: no exporter was running, or no guest",
                           path, from);
    return failure_set(error, FAILURE_FAILED, "the ring %s has no guest “%s” at %s, but %s", path,
                       search->name, from, list->str);
}

static void
set_result(Search *search, LookBack *ret_look)
{
    NodeView *view = node_view_new();

    view->seconds = search->seconds;
    view->wall_ns = search->last_ns;
    view->has_blame = search->has_blame;
    if (!view->has_blame)
        view->no_blame = g_strdup("the exporter could not tell");
    guest_view_finish(search->guest, view->seconds);
    g_ptr_array_add(view->guests, search->guest);
    *ret_look = (LookBack){
        .view = view,
        .guest = g_steal_pointer(&search->guest),
        .from_ns = search->first_ns,
        .to_ns = search->last_ns,
    };
}

bool
look_back(const char *path, const char *guest, int64_t from_ns, int64_t to_ns, LookBack *ret_look,
          GError **error)
{
    g_autoptr(GHashTable) others = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Search search = { .from_ns = from_ns, .to_ns = to_ns, .others = others };
    bool found;

    ring_copy_name(search.name, sizeof search.name, guest);
    search.guest = guest_view_new();
    search.guest->name = g_strdup(search.name);
    found = ring_read(path, visit, &search, error) &&
            (search.seconds > 0 || not_found(&search, path, error));
    if (found)
        set_result(&search, ret_look);
    guest_view_free(search.guest);
    return found;
}

void
look_back_clear(LookBack *look)
{
    g_clear_pointer(&look->view, node_view_free);
    look->guest = NULL;
}
