/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/link/guest_symbols.h"

#include <errno.h>

#include "common/base/failure.h"

#define ANSWER_TIMEOUT_MS 10000
/* Answers that a host before us left unread; more is a flood. */
#define MAX_STRAY_PIECES 64

const char *
guest_symbols_path(WireFile file)
{
    static const char *const paths[WIRE_FILES] = {
        [WIRE_FILE_KALLSYMS] = "/proc/kallsyms",
        [WIRE_FILE_MODULES] = "/proc/modules",
    };

    return paths[file];
}

/* The answer to `ask`, left in `reply`. */
static bool
ask_for_piece(GuestLink *link, const SymbolsAskMessage *ask, int timeout_ms,
              const Interrupt *interrupt, Message *reply, GError **error)
{
    const Message request = { .kind = FRAME_SYMBOLS_ASK, .symbols_ask = *ask };

    if (!guest_link_send(link, &request, error))
        return false;
    for (unsigned strays = 0; strays <= MAX_STRAY_PIECES; strays++) {
        if (!guest_link_await(link, FRAME_SYMBOLS, timeout_ms, interrupt, reply, NULL, error))
            return false;
        if (reply->symbols.file == ask->file && reply->symbols.offset == ask->offset)
            return true;
    }
    return failure_set(error, FAILURE_FAILED, "guest %s: its probe sends pieces nobody asked for",
                       guest_link_name(link));
}

static bool
check_errno(const GuestLink *link, const SymbolsMessage *piece, GError **error)
{
    if (piece->error == 0 || (piece->error == ENOENT && piece->file == WIRE_FILE_MODULES))
        return true;
    return failure_set_errno(error, piece->error, "guest %s: its probe cannot read its %s",
                             guest_link_name(link), guest_symbols_path((WireFile) piece->file));
}

bool
guest_symbols_fetch(GuestLink *link, WireFile file, int timeout_ms, const Interrupt *interrupt,
                    GuestSymbolsSink sink, void *data, GError **error)
{
    g_autofree Message *reply = g_new0(Message, 1);
    SymbolsAskMessage ask = { .file = (uint8_t) file };
    int64_t deadline_ns = clock_raw_ns() + timeout_ms * NS_PER_MS;

    for (;;) {
        int64_t left_ms = (deadline_ns - clock_raw_ns()) / NS_PER_MS;

        if (left_ms <= 0)
            return failure_set(
                error, FAILURE_FAILED,
                "guest %s: its %s has not ended after %d s and %" G_GUINT64_FORMAT " bytes",
                guest_link_name(link), guest_symbols_path(file), timeout_ms / 1000, ask.offset);
        if (!ask_for_piece(link, &ask, (int) MIN(left_ms, ANSWER_TIMEOUT_MS), interrupt, reply,
                           error) ||
            !check_errno(link, &reply->symbols, error))
            return false;
        if (reply->symbols.n_bytes == 0)
            return true;
        if (!sink(data, reply->symbols.bytes, reply->symbols.n_bytes, error))
            return false;
        ask.offset += reply->symbols.n_bytes;
    }
}
