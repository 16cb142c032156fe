/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libvirt's streams, of a daemon that is no daemon: one end of a pair of sockets, whose other end
 * is the guest's. They stand before libvirt's own where the program is linked; its event loop is
 * real.
 */
#pragma once

#include <stdbool.h>

extern int fake_stream_guest_fd; /* the guest's end of the newest stream; the test's to close */
extern bool fake_stream_refuses; /* a guest that has no such channel */

/* Waits for the event loop to let go of them. */
void fake_stream_assert_all_freed(void);
