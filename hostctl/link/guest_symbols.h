/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fetches what a guest's kernel tells of its symbols. The bytes are a hostile guest's: they come in
 * pieces of at most WIRE_SYMBOLS_MAX, and only the sink says what may be made of them.
 */
#pragma once

#include "hostctl/link/guest_link.h"

/* Takes the next bytes, or ends the fetch with an error. */
typedef bool (*GuestSymbolsSink)(void *data, const char *bytes, size_t n_bytes, GError **error);

/*
 * Gives all of `file` to `sink`, asking for a piece at a time. A guest whose kernel knows no
 * modules has no such file: nothing is given, which is no error. Errors: the sink's, the guest's
 * errno, its PROBLEM, no answer, answers to what nobody asked, or more time than `timeout_ms` in
 * all.
 */
bool guest_symbols_fetch(GuestLink *link, WireFile file, int timeout_ms, const Interrupt *interrupt,
                         GuestSymbolsSink sink, void *data, GError **error);

/* "/proc/kallsyms": the file's name in the guest. */
const char *guest_symbols_path(WireFile file);
