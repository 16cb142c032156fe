/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/knob/journal_line.h"

#include <json-glib/json-glib.h>

#include "common/base/json_guard.h"

#define LINE_MAX_BYTES 65536

static const char *const kind_names[] = {
    [JOURNAL_FILE] = "file",       [JOURNAL_SERVICE] = "service", [JOURNAL_MODULE] = "module",
    [JOURNAL_BALLOON] = "balloon", [JOURNAL_SHM] = "shm",         [JOURNAL_DISK] = "disk",
    [JOURNAL_VOLUME] = "volume",   [JOURNAL_GUEST] = "guest",
};

/* The texts of an entry: key, place, and whether every entry has it. */
static const struct {
    const char *key;
    size_t offset;
    bool required;
} texts[] = {
    { "root", offsetof(JournalEntry, root), false },
    { "target", offsetof(JournalEntry, target), true },
    { "uri", offsetof(JournalEntry, uri), false },
    { "uuid", offsetof(JournalEntry, uuid), false },
    { "old", offsetof(JournalEntry, old_value), false },
    { "new", offsetof(JournalEntry, new_value), false },
    { "earlier", offsetof(JournalEntry, earlier_value), false },
    { "boot", offsetof(JournalEntry, boot_id), true },
    { "command", offsetof(JournalEntry, command), false },
};

static const struct {
    const char *key;
    size_t offset;
} flags[] = {
    { "held", offsetof(JournalEntry, held) },
    { "until_recover", offsetof(JournalEntry, until_recover) },
    { "unshared", offsetof(JournalEntry, unshared) },
};

static bool *
flag_of(const JournalEntry *entry, size_t i)
{
    return (bool *) ((char *) entry + flags[i].offset);
}

static char **
text_of(const JournalEntry *entry, size_t i)
{
    return (char **) ((char *) entry + texts[i].offset);
}

const char *
journal_kind_name(JournalKind kind)
{
    return kind_names[kind];
}

void
journal_entry_free(JournalEntry *entry)
{
    if (!entry)
        return;

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(*text_of(entry, i));
    g_free(entry);
}

JournalEntry *
journal_entry_copy(const JournalEntry *entry)
{
    JournalEntry *copy = g_new(JournalEntry, 1);

    *copy = *entry;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        *text_of(copy, i) = g_strdup(*text_of(entry, i));
    return copy;
}

void
journal_line_clear(JournalLine *line)
{
    g_clear_pointer(&line->value, g_free);
    g_clear_pointer(&line->entry, journal_entry_free);
}

static char *
to_line(JsonObject *object)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    g_autofree char *text = NULL;

    json_node_take_object(node, object);
    text = json_to_string(node, FALSE);
    return g_strconcat(text, "\n", NULL);
}

char *
journal_line_format_entry(const JournalEntry *entry)
{
    JsonObject *object = json_object_new();

    json_object_set_int_member(object, "id", (gint64) entry->id);
    json_object_set_string_member(object, "kind", kind_names[entry->kind]);
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
        if (*flag_of(entry, i))
            json_object_set_boolean_member(object, flags[i].key, TRUE);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        if (*text_of(entry, i))
            json_object_set_string_member(object, texts[i].key, *text_of(entry, i));
    json_object_set_int_member(object, "pid", entry->pid);
    json_object_set_int_member(object, "starttime", (gint64) entry->pid_starttime);
    return to_line(object);
}

char *
journal_line_format_change(uint64_t id, const char *new_value)
{
    JsonObject *object = json_object_new();

    json_object_set_int_member(object, "id", (gint64) id);
    json_object_set_string_member(object, "change", new_value);
    return to_line(object);
}

char *
journal_line_format_done(uint64_t id, const char *how)
{
    JsonObject *object = json_object_new();

    json_object_set_int_member(object, "id", (gint64) id);
    json_object_set_string_member(object, "done", how);
    return to_line(object);
}

/* NULL unless the member is there and a string. */
static const char *
string_member(JsonObject *object, const char *key)
{
    JsonNode *node = json_object_get_member(object, key);

    if (!node || !JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
        return NULL;
    return json_node_get_string(node);
}

/* False unless the member is there and an integer that is not negative. */
static bool
int_member(JsonObject *object, const char *key, uint64_t *ret_value)
{
    JsonNode *node = json_object_get_member(object, key);

    if (!node || !JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_INT64 ||
        json_node_get_int(node) < 0)
        return false;
    *ret_value = (uint64_t) json_node_get_int(node);
    return true;
}

static bool
parse_kind(const char *name, JournalKind *ret_kind)
{
    for (size_t i = 0; name && i < G_N_ELEMENTS(kind_names); i++) {
        if (g_str_equal(name, kind_names[i])) {
            *ret_kind = (JournalKind) i;
            return true;
        }
    }
    return false;
}

static JournalEntry *
parse_entry(JsonObject *object, uint64_t id)
{
    g_autoptr(JournalEntry) entry = g_new0(JournalEntry, 1);
    uint64_t pid;

    entry->id = id;
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        JsonNode *flag = json_object_get_member(object, flags[i].key);

        *flag_of(entry, i) = flag && JSON_NODE_HOLDS_VALUE(flag) && json_node_get_boolean(flag);
    }
    if (!parse_kind(string_member(object, "kind"), &entry->kind) ||
        !int_member(object, "pid", &pid) || pid > G_MAXINT32 ||
        !int_member(object, "starttime", &entry->pid_starttime))
        return NULL;
    entry->pid = (pid_t) pid;

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        const char *value = string_member(object, texts[i].key);

        if (!value && texts[i].required)
            return NULL;
        *text_of(entry, i) = g_strdup(value);
    }
    return g_steal_pointer(&entry);
}

static bool
parse_object(JsonObject *object, JournalLine *line)
{
    const char *change = string_member(object, "change");
    const char *done = string_member(object, "done");

    if (!int_member(object, "id", &line->id))
        return false;
    if (change || done) {
        line->kind = done ? JOURNAL_LINE_DONE : JOURNAL_LINE_CHANGE;
        line->value = g_strdup(done ? done : change);
        return true;
    }
    line->kind = JOURNAL_LINE_ENTRY;
    line->entry = parse_entry(object, line->id);
    return line->entry != NULL;
}

bool
journal_line_parse(const char *text, size_t length, JournalLine *ret_line)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_auto(JournalLine) line = { 0 };
    JsonNode *root;

    if (length > LINE_MAX_BYTES || !g_utf8_validate_len(text, length, NULL) ||
        !json_guard_check(text, length, NULL) ||
        !json_parser_load_from_data(parser, text, (gssize) length, NULL))
        return false;
    root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root) || !parse_object(json_node_get_object(root), &line))
        return false;

    *ret_line = line;
    line = (JournalLine){ 0 };
    return true;
}
