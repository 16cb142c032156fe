/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/knob/journal.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/cmocka_all.h"
#include "tests/support/host_tree.h"

static const JournalEntry file_entry = { .kind = JOURNAL_FILE,
                                         .target = (char *) "sys/one",
                                         .old_value = (char *) "0",
                                         .new_value = (char *) "1" };

static uint64_t
add(HostTree *tree)
{
    uint64_t id = 0;

    assert_true(journal_add(tree->journal, &file_entry, &id, NULL));
    return id;
}

static guint
count_unfinished(const HostTree *tree)
{
    g_autoptr(GPtrArray) entries = journal_unfinished(tree->journal);

    return entries->len;
}

static char *
read_text(const HostTree *tree)
{
    g_autofree char *path = host_tree_state_file(tree, "journal.jsonl");
    char *text = NULL;

    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static void
write_text(const HostTree *tree, const char *text, gssize length)
{
    g_autofree char *path = host_tree_state_file(tree, "journal.jsonl");

    assert_true(g_file_set_contents(path, text, length, NULL));
}

static void
remembers_an_entry_whole(void **state)
{
    HostTree *tree = *state;
    const JournalEntry given = { .kind = JOURNAL_GUEST,
                                 .held = true,
                                 .target = (char *) "na\"me\n",
                                 .uri = (char *) "qemu:///system",
                                 .uuid = (char *) "u-1" };
    uint64_t id;
    g_autoptr(JournalEntry) entry = NULL;

    assert_true(journal_add(tree->journal, &given, &id, NULL));
    host_tree_reopen_journal(tree);
    entry = journal_get(tree->journal, id);
    assert_non_null(entry);
    assert_int_equal(entry->kind, JOURNAL_GUEST);
    assert_true(entry->held);
    assert_string_equal(entry->target, "na\"me\n");
    assert_string_equal(entry->uri, "qemu:///system");
    assert_string_equal(entry->uuid, "u-1");
    assert_null(entry->old_value);
    assert_int_equal(entry->pid, getpid());
    assert_true(journal_entry_same_boot(entry));
    assert_true(journal_entry_owner_alive(entry));
}

static void
gives_the_newest_first_and_forgets_what_is_done(void **state)
{
    HostTree *tree = *state;
    uint64_t first = add(tree), second = add(tree), third = add(tree);

    assert_true(journal_done(tree->journal, second, "put back", NULL));
    host_tree_reopen_journal(tree);
    g_autoptr(GPtrArray) entries = journal_unfinished(tree->journal);
    assert_int_equal(entries->len, 2);
    assert_int_equal(((JournalEntry *) entries->pdata[0])->id, third);
    assert_int_equal(((JournalEntry *) entries->pdata[1])->id, first);
}

static void
keeps_the_first_old_value_through_changes(void **state)
{
    HostTree *tree = *state;
    uint64_t id = add(tree);
    g_autoptr(JournalEntry) entry = NULL;

    assert_true(journal_change(tree->journal, id, "2", NULL));
    host_tree_reopen_journal(tree);
    entry = journal_get(tree->journal, id);
    assert_string_equal(entry->old_value, "0");
    assert_string_equal(entry->new_value, "2");
    assert_string_equal(entry->earlier_value, "1");
}

static void
survives_a_cut_at_every_byte(void **state)
{
    HostTree *tree = *state;
    uint64_t id = add(tree);

    add(tree);
    assert_true(journal_done(tree->journal, id, "put back", NULL));
    g_autofree char *text = read_text(tree);
    size_t length = strlen(text);

    for (size_t cut = 0; cut <= length; cut++) {
        guint lines = 0;

        for (size_t i = 0; i < cut; i++)
            lines += text[i] == '\n';
        write_text(tree, text, (gssize) cut);
        host_tree_reopen_journal(tree);
        assert_int_equal(count_unfinished(tree), lines == 3 ? 1 : lines);
        assert_int_equal(journal_damaged_lines(tree->journal), 0);
    }
}

static void
writes_over_a_torn_line(void **state)
{
    HostTree *tree = *state;

    add(tree);
    g_autofree char *text = read_text(tree);
    g_autofree char *torn = g_strconcat(text, "{\"id\":9,\"kind\":\"fi", NULL);

    write_text(tree, torn, -1);
    host_tree_reopen_journal(tree);
    add(tree);
    host_tree_reopen_journal(tree);
    assert_int_equal(count_unfinished(tree), 2);
    assert_int_equal(journal_damaged_lines(tree->journal), 0);
}

static void
skips_and_counts_damage_in_the_middle(void **state)
{
    HostTree *tree = *state;

    add(tree);
    g_autofree char *text = read_text(tree);
    g_autofree char *damaged = g_strconcat("not json\n", text, "[1]\n{\"id\":-1}\n", NULL);

    write_text(tree, damaged, -1);
    host_tree_reopen_journal(tree);
    assert_int_equal(count_unfinished(tree), 1);
    assert_int_equal(journal_damaged_lines(tree->journal), 3);
}

static void
forgets_finished_entries_when_it_has_grown(void **state)
{
    HostTree *tree = *state;
    uint64_t kept = add(tree);

    for (int i = 0; i < 400; i++)
        assert_true(journal_done(tree->journal, add(tree), "put back", NULL));
    host_tree_reopen_journal(tree);
    add(tree);

    g_autofree char *text = read_text(tree);
    assert_true(strlen(text) < 4096);
    host_tree_reopen_journal(tree);
    assert_int_equal(count_unfinished(tree), 2);
    g_autoptr(JournalEntry) entry = journal_get(tree->journal, kept);
    assert_non_null(entry);
}

static void
changes_nothing_when_it_cannot_write(void **state)
{
    HostTree *tree = *state;
    g_autofree char *path = host_tree_state_file(tree, "journal.jsonl");
    g_autoptr(GError) error = NULL;
    uint64_t id = 77;

    assert_int_equal(symlink("/nowhere", path), 0);
    assert_false(journal_add(tree->journal, &file_entry, &id, &error));
    assert_int_equal(id, 77);
    assert_non_null(strstr(error->message, path));
    assert_int_equal(count_unfinished(tree), 0);
}

/* An entry of a process that was killed. */
static void
add_in_a_killed_child(HostTree *tree)
{
    pid_t child = fork();

    if (child == 0) {
        uint64_t id;

        if (journal_add(tree->journal, &file_entry, &id, NULL))
            raise(SIGKILL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &(int){ 0 }, 0), child);
    host_tree_reopen_journal(tree);
}

static void
sees_that_an_owner_was_killed(void **state)
{
    HostTree *tree = *state;
    g_autoptr(GPtrArray) entries = NULL;
    g_autoptr(GError) error = NULL;

    add(tree);
    assert_true(journal_require_recovered(tree->journal, &error));
    add_in_a_killed_child(tree);
    entries = journal_unfinished(tree->journal);
    assert_int_equal(entries->len, 2);
    assert_false(journal_entry_owner_alive(entries->pdata[0]));
    assert_true(journal_entry_owner_alive(entries->pdata[1]));
    assert_false(journal_require_recovered(tree->journal, &error));
    assert_non_null(strstr(error->message, "hostctl recover"));
}

static void
takes_a_reused_pid_for_somebody_else(void **state)
{
    HostTree *tree = *state;
    g_autoptr(JournalEntry) entry = journal_get(tree->journal, add(tree));

    entry->pid_starttime++;
    assert_false(journal_entry_owner_alive(entry));
}

static void
takes_an_earlier_boot_for_gone(void **state)
{
    HostTree *tree = *state;
    g_autoptr(JournalEntry) entry = journal_get(tree->journal, add(tree));

    g_free(entry->boot_id);
    entry->boot_id = g_strdup("another");
    assert_false(journal_entry_same_boot(entry));
    assert_false(journal_entry_owner_alive(entry));
}

/* Another machine's guest goes on while this one starts anew. */
static void
what_was_changed_on_another_machine_is_not_gone_with_this_boot(void **state)
{
    HostTree *tree = *state;
    g_autoptr(JournalEntry) entry = journal_get(tree->journal, add(tree));

    g_free(entry->boot_id);
    entry->boot_id = g_strdup("another");
    g_free(entry->uri);
    entry->uri = g_strdup("qemu+ssh://node/system");
    assert_true(journal_entry_same_boot(entry));
    assert_false(journal_entry_owner_alive(entry));
}

static void
hands_remarks_over_once(void **state)
{
    HostTree *tree = *state;
    g_autoptr(GPtrArray) first = NULL;
    g_autoptr(GPtrArray) second = NULL;

    journal_remark(tree->journal, "%s was left", "it");
    first = journal_take_remarks(tree->journal);
    second = journal_take_remarks(tree->journal);
    assert_int_equal(first->len, 1);
    assert_string_equal(first->pdata[0], "it was left");
    assert_int_equal(second->len, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, host_tree_setup, host_tree_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(remembers_an_entry_whole),
        CASE(gives_the_newest_first_and_forgets_what_is_done),
        CASE(keeps_the_first_old_value_through_changes),
        CASE(survives_a_cut_at_every_byte),
        CASE(writes_over_a_torn_line),
        CASE(skips_and_counts_damage_in_the_middle),
        CASE(forgets_finished_entries_when_it_has_grown),
        CASE(changes_nothing_when_it_cannot_write),
        CASE(sees_that_an_owner_was_killed),
        CASE(takes_a_reused_pid_for_somebody_else),
        CASE(takes_an_earlier_boot_for_gone),
        CASE(what_was_changed_on_another_machine_is_not_gone_with_this_boot),
        CASE(hands_remarks_over_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
