/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of an explanation. */
#pragma once

#include "hostctl/view/explanation.h"

/* What a person calls the guest. */
const char *explanation_name(const GuestView *guest);

/* A cause's part of all that is known of the wait. */
double explanation_share(const GuestView *guest, const CauseView *cause);

/* NeighbourView: guests that share a core or a cache with this one and ran, the busiest first. */
GPtrArray *explanation_neighbours(const Sysroot *root, const NodeView *view, const GuestView *guest,
                                  double seconds);

/* char *: what to do about the causes that matter. */
GPtrArray *explanation_advice(const GuestView *guest);
