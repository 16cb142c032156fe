/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/profile/symbol_fetch.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/failure.h"
#include "common/wire/channel.h"
#include "tests/support/cmocka_all.h"

static const char kallsyms[] = "ffffffff81000000 T _text\nffffffff81000100 T start_kernel\n"
                               "ffffffffc0123000 t helper\t[helpful]\n";
static const char modules[] = "helpful 16384 0 - Live 0xffffffffc0123000\n";

/* How the guest's end behaves. */
typedef enum {
    HONEST,
    OLD,         /* its facts do not have what it does not know */
    SILENT,      /* about symbols */
    NO_MODULES,  /* a kernel without them */
    FORBIDDEN,   /* its kallsyms cannot be read */
    HIDDEN,      /* its kernel hides addresses */
    NASTY,       /* a terminal would obey */
    ENDLESS,     /* the same lines again and again */
    ELSEWHERE,   /* answers to what nobody asked */
    STALE_FIRST, /* one such answer, then the right ones */
    COMPLAINS,
    HANGS_UP, /* after the first piece */
} Manner;

typedef struct {
    char *dir, *socket, *output;
    int listener;
    Manner manner;
    unsigned n_pieces;
    pthread_t thread;
} Guest;

static const char *
text_of(const Guest *guest, WireFile file)
{
    if (file == WIRE_FILE_MODULES)
        return modules;
    return guest->manner == HIDDEN  ? "0000000000000000 T _text\n"
           : guest->manner == NASTY ? "ffffffff81000000 T _text\n1 T \033]0;own\007\n"
                                    : kallsyms;
}

/* A few bytes each time, so that lines are cut in two. */
static void
fill_piece(const Guest *guest, const SymbolsAskMessage *ask, SymbolsMessage *piece)
{
    const char *text = text_of(guest, (WireFile) ask->file);
    size_t length = strlen(text);
    size_t at = guest->manner == ENDLESS ? 0 : MIN(ask->offset, length);

    piece->file = ask->file;
    piece->offset = ask->offset + (guest->manner == ELSEWHERE);
    if (guest->manner == FORBIDDEN)
        piece->error = EACCES;
    if (guest->manner == NO_MODULES && ask->file == WIRE_FILE_MODULES)
        piece->error = ENOENT;
    if (piece->error)
        return;
    piece->n_bytes = (uint16_t) (guest->manner == ENDLESS ? length : MIN(length - at, 37));
    memcpy(piece->bytes, text + at, piece->n_bytes);
    /* One frame can hold many of them. */
    while (guest->manner == ENDLESS && piece->n_bytes + length <= WIRE_SYMBOLS_MAX) {
        memcpy(piece->bytes + piece->n_bytes, text, length);
        piece->n_bytes = (uint16_t) (piece->n_bytes + length);
    }
}

static void
greet(const Guest *guest, Message *reply)
{
    reply->kind = FRAME_HELLO;
    reply->hello.version = WIRE_VERSION;
    reply->hello.n_vcpus = 1;
    g_strlcpy(reply->hello.facts,
              guest->manner == OLD ? "{\"probe_version\": \"0.0.\\u001b[2J9\"}"
                                   : "{\"symbols\": true, \"probe_version\": \"0.1.0\"}",
              WIRE_FACTS_MAX);
}

/* False: it hangs up. */
static bool
answer(Guest *guest, Channel *channel, const Message *request)
{
    g_autofree Message *reply = g_new0(Message, 1);

    if (request->kind == FRAME_HELLO_ASK) {
        greet(guest, reply);
        return channel_send(channel, reply, 1000, NULL);
    }
    assert_int_equal(request->kind, FRAME_SYMBOLS_ASK);
    if (guest->manner == SILENT)
        return true;
    if (guest->manner == HANGS_UP && guest->n_pieces++ > 0)
        return false;
    if (guest->manner == COMPLAINS) {
        reply->kind = FRAME_PROBLEM;
        reply->problem.about = FRAME_SYMBOLS_ASK;
        g_strlcpy(reply->problem.text, "not while it measures", WIRE_TEXT_MAX);
        return channel_send(channel, reply, 1000, NULL);
    }
    reply->kind = FRAME_SYMBOLS;
    fill_piece(guest, &request->symbols_ask, &reply->symbols);
    if (guest->manner == STALE_FIRST && guest->n_pieces++ == 0) {
        reply->symbols.offset += 4080;
        channel_send(channel, reply, 1000, NULL);
        reply->symbols.offset -= 4080;
    }
    for (int i = guest->manner == ELSEWHERE ? 100 : 1; i > 0; i--)
        if (!channel_send(channel, reply, 1000, NULL))
            return false;
    return true;
}

static void *
live(void *data)
{
    Guest *guest = data;
    g_autofree Message *request = g_new0(Message, 1);
    int fd = accept(guest->listener, NULL, NULL);
    g_autoptr(Channel) channel = channel_new(fd);
    int got;

    while ((got = channel_receive(channel, request, NULL, NULL)) >= 0) {
        if (got == 0)
            usleep(200);
        else if (!answer(guest, channel, request))
            break;
    }
    return NULL;
}

static Guest *
guest_new(Manner manner)
{
    Guest *guest = g_new0(Guest, 1);
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    guest->manner = manner;
    guest->dir = g_dir_make_tmp("symbols-XXXXXX", NULL);
    guest->socket = g_build_filename(guest->dir, "probe", NULL);
    guest->output = g_build_filename(guest->dir, "output", NULL);
    g_strlcpy(address.sun_path, guest->socket, sizeof address.sun_path);
    guest->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(guest->listener, (struct sockaddr *) &address, sizeof address), 0);
    assert_int_equal(listen(guest->listener, 1), 0);
    assert_int_equal(pthread_create(&guest->thread, NULL, live, guest), 0);
    return guest;
}

static void
guest_free_all(Guest *guest)
{
    pthread_join(guest->thread, NULL);
    close(guest->listener);
    g_unlink(guest->socket);
    assert_int_equal(g_rmdir(guest->dir), 0); /* nothing else is left in it */
    g_free(guest->socket);
    g_free(guest->output);
    g_free(guest->dir);
    g_free(guest);
}

/* What comes of it; the guest is gone afterwards. `look` sees the folder while it is there. */
static char *
verdict_of(Manner manner, SymbolCounts *ret_counts, void (*look)(const SymbolFolder *folder))
{
    Guest *guest = guest_new(manner);
    GuestLink *link = guest_link_open("g1", guest->socket, NULL);
    g_autoptr(GError) error = NULL;
    SymbolFolder *folder = symbol_folder_new(guest->output, &error);
    char *verdict = NULL;

    assert_non_null(link);
    assert_non_null(folder);
    if (!symbol_fetch_greet(link, NULL, &error) ||
        !symbol_fetch(link, folder, NULL, ret_counts, &error))
        verdict = g_strdup(error->message);
    else if (look)
        look(folder);
    guest_link_free(link);
    symbol_folder_free(folder);
    guest_free_all(guest);
    return verdict;
}

static void
assert_file(const SymbolFolder *folder, WireFile file, const char *want)
{
    g_autofree char *text = NULL;
    struct stat info;

    assert_true(g_file_get_contents(symbol_folder_file(folder, file), &text, NULL, NULL));
    assert_string_equal(text, want);
    assert_int_equal(stat(symbol_folder_file(folder, file), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
}

static void
look_at_both(const SymbolFolder *folder)
{
    struct stat info;

    assert_file(folder, WIRE_FILE_KALLSYMS, kallsyms);
    assert_file(folder, WIRE_FILE_MODULES, modules);
    assert_int_equal(stat(symbol_folder_path(folder), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
}

static void
look_at_empty_modules(const SymbolFolder *folder)
{
    assert_file(folder, WIRE_FILE_KALLSYMS, kallsyms);
    assert_file(folder, WIRE_FILE_MODULES, "");
}

static void
writes_what_an_honest_guest_gives(void **state)
{
    SymbolCounts counts = { 0 };
    g_autofree char *verdict = verdict_of(HONEST, &counts, look_at_both);

    assert_null(verdict);
    assert_int_equal(counts.symbols, 3);
    assert_int_equal(counts.modules, 1);
}

static void
a_kernel_without_modules_is_no_error(void **state)
{
    SymbolCounts counts = { 0 };
    g_autofree char *verdict = verdict_of(NO_MODULES, &counts, look_at_empty_modules);

    assert_null(verdict);
    assert_int_equal(counts.symbols, 3);
    assert_int_equal(counts.modules, 0);
}

static void
skips_an_answer_that_another_host_left(void **state)
{
    SymbolCounts counts = { 0 };
    g_autofree char *verdict = verdict_of(STALE_FIRST, &counts, look_at_both);

    assert_null(verdict);
}

static const struct {
    Manner manner;
    const char *why;
} refusals[] = {
    { OLD, "guest g1: its probe (version 0.0.\\x1b[2J9) is older than this request" },
    { FORBIDDEN, "guest g1: its probe cannot read its /proc/kallsyms: Permission denied" },
    { HIDDEN, "guest g1, /proc/kallsyms: all addresses are 0: the guest's kernel hides them" },
    { NASTY, "guest g1, /proc/kallsyms: line 2 is not of a kernel's kallsyms" },
    { ENDLESS, "guest g1, /proc/kallsyms: more than 1000000 lines" },
    { ELSEWHERE, "guest g1: its probe sends pieces nobody asked for" },
    { COMPLAINS, "guest g1: SYMBOLS_ASK: not while it measures" },
    { HANGS_UP, "guest g1: " },
};

/* And leaves nothing: verdict_of() removes the folder that must be empty. */
static void
says_why_it_takes_nothing_from_a_guest(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        SymbolCounts counts = { 4711, 4711 };
        g_autofree char *verdict = verdict_of(refusals[i].manner, &counts, NULL);

        if (!verdict || !strstr(verdict, refusals[i].why))
            fail_msg("“%s” does not say “%s”", verdict ? verdict : "(taken)", refusals[i].why);
        for (const char *c = verdict; *c; c++)
            assert_false(g_ascii_iscntrl(*c));
        assert_int_equal(counts.symbols, 4711);
    }
}

static void
a_signal_ends_the_wait_for_a_silent_guest(void **state)
{
    Guest *guest = guest_new(SILENT);
    GuestLink *link = guest_link_open("g1", guest->socket, NULL);
    g_autoptr(Interrupt) interrupt = interrupt_new_manual(NULL);
    SymbolFolder *folder = symbol_folder_new(guest->output, NULL);
    g_autoptr(GError) error = NULL;
    SymbolCounts counts;

    assert_true(symbol_fetch_greet(link, interrupt, NULL));
    interrupt_raise(interrupt, SIGTERM);
    assert_false(symbol_fetch(link, folder, interrupt, &counts, &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_INTERRUPTED));
    guest_link_free(link);
    symbol_folder_free(folder);
    guest_free_all(guest);
}

static void
copies_only_what_passes_the_same_checks(void **state)
{
    g_autofree char *dir = g_dir_make_tmp("symbols-XXXXXX", NULL);
    g_autofree char *good = g_build_filename(dir, "good", NULL);
    g_autofree char *bad = g_build_filename(dir, "bad", NULL);
    g_autofree char *output = g_build_filename(dir, "output", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) no_file = NULL;
    SymbolFolder *folder = symbol_folder_new(output, NULL);
    uint64_t n;

    assert_true(g_file_set_contents(good, kallsyms, -1, NULL));
    assert_true(g_file_set_contents(bad, "hello\n", -1, NULL));
    assert_true(symbol_file_copy(folder, WIRE_FILE_KALLSYMS, good, &n, NULL));
    assert_int_equal(n, 3);
    assert_file(folder, WIRE_FILE_KALLSYMS, kallsyms);
    assert_false(symbol_file_copy(folder, WIRE_FILE_MODULES, bad, &n, &error));
    assert_true(g_str_has_prefix(error->message, bad));
    assert_non_null(strstr(error->message, "line 1"));
    assert_false(symbol_file_copy(folder, WIRE_FILE_MODULES, dir, &n, &no_file));
    assert_non_null(strstr(no_file->message, "want a file"));
    symbol_folder_free(folder);
    assert_int_equal(access(output, F_OK), -1);
    g_unlink(good);
    g_unlink(bad);
    assert_int_equal(g_rmdir(dir), 0);
}

/* Neither a folder that is there, nor a link to one, nor a file that somebody has put into it. */
static void
writes_into_no_folder_of_others(void **state)
{
    g_autofree char *dir = g_dir_make_tmp("symbols-XXXXXX", NULL);
    g_autofree char *link = g_build_filename(dir, "link", NULL);
    g_autofree char *output = g_build_filename(dir, "output", NULL);
    g_autoptr(GError) there = NULL;
    g_autoptr(GError) linked = NULL;
    g_autoptr(GError) planted = NULL;
    SymbolFolder *folder;

    assert_null(symbol_folder_new(dir, &there));
    assert_non_null(strstr(there->message, "name a folder that is not there yet"));
    assert_int_equal(symlink("/etc", link), 0);
    assert_null(symbol_folder_new(link, &linked));
    assert_int_equal(g_unlink(link), 0);

    folder = symbol_folder_new(output, NULL);
    assert_int_equal(symlink("/etc/passwd", symbol_folder_file(folder, WIRE_FILE_KALLSYMS)), 0);
    assert_null(symbol_file_begin(folder, WIRE_FILE_KALLSYMS, "guest", &planted));
    symbol_folder_free(folder);
    assert_int_equal(g_rmdir(dir), 0);
}

static void
a_folder_that_is_kept_stays(void **state)
{
    g_autofree char *dir = g_dir_make_tmp("symbols-XXXXXX", NULL);
    SymbolFolder *folder = symbol_folder_new_within(dir, NULL);
    g_autofree char *path = g_strdup(symbol_folder_path(folder));

    assert_true(g_str_has_prefix(path, dir));
    symbol_folder_keep(folder);
    symbol_folder_free(folder);
    assert_int_equal(g_rmdir(path), 0);
    assert_int_equal(g_rmdir(dir), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_an_honest_guest_gives),
        cmocka_unit_test(a_kernel_without_modules_is_no_error),
        cmocka_unit_test(skips_an_answer_that_another_host_left),
        cmocka_unit_test(says_why_it_takes_nothing_from_a_guest),
        cmocka_unit_test(a_signal_ends_the_wait_for_a_silent_guest),
        cmocka_unit_test(copies_only_what_passes_the_same_checks),
        cmocka_unit_test(writes_into_no_folder_of_others),
        cmocka_unit_test(a_folder_that_is_kept_stays),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests_name("symbol_fetch", tests, NULL, NULL);
}
