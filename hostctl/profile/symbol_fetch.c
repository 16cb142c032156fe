/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/profile/symbol_fetch.h"

#include "common/base/failure.h"
#include "common/base/pace.h"
#include "common/base/text.h"
#include "hostctl/doctor/guest_facts.h"
#include "hostctl/link/guest_symbols.h"

#define HELLO_MS 5000
#define FETCH_MS 120000

/* By its facts, not by waiting: a probe leaves what it does not know unanswered. */
static bool
check_probe(const GuestLink *link, const HelloMessage *hello, GError **error)
{
    g_autofree char *version = guest_fact_text(hello->facts, "probe_version");
    g_autofree char *shown = text_printable(version ? version : "unknown", 40);
    double knows = 0;

    if (guest_fact_number(hello->facts, "symbols", &knows) && knows == 1)
        return true;
    return failure_set(error, FAILURE_UNSUPPORTED,
                       "guest %s: its probe (version %s) is older than this request; build the "
                       "guest image anew (appliance/build), or install the guestprobe that came "
                       "with this hostctl in it",
                       guest_link_name(link), shown);
}

bool
symbol_fetch_greet(GuestLink *link, const Interrupt *interrupt, GError **error)
{
    g_autofree HelloMessage *hello = g_new0(HelloMessage, 1);

    if (!guest_link_hello(link, HELLO_MS, interrupt, hello, error)) {
        if (interrupt_signal(interrupt) == 0)
            g_prefix_error(error, "(does guestprobe --agent run in it, and is no other program "
                                  "connected to its channel?) ");
        return false;
    }
    return check_probe(link, hello, error);
}

static bool
fetch(GuestLink *link, const SymbolFolder *folder, WireFile which, const Interrupt *interrupt,
      uint64_t *ret_lines, GError **error)
{
    g_autofree char *origin =
        g_strdup_printf("guest %s, %s", guest_link_name(link), guest_symbols_path(which));
    g_autoptr(SymbolFile) file = symbol_file_begin(folder, which, origin, error);

    return file &&
           guest_symbols_fetch(link, which, FETCH_MS, interrupt, symbol_file_write, file, error) &&
           symbol_file_end(file, ret_lines, error);
}

bool
symbol_fetch(GuestLink *link, const SymbolFolder *folder, const Interrupt *interrupt,
             SymbolCounts *ret_counts, GError **error)
{
    SymbolCounts counts = { 0 };

    pace_tell("fetching the guest's symbols");
    if (!fetch(link, folder, WIRE_FILE_KALLSYMS, interrupt, &counts.symbols, error) ||
        !fetch(link, folder, WIRE_FILE_MODULES, interrupt, &counts.modules, error))
        return false;
    pace_end();
    *ret_counts = counts;
    return true;
}
