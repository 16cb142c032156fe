/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Domains on which libvirt itself holds perf events (<perf> in their XML, or virsh perf). */
#pragma once

#include "hostctl/virt/connection.h"

/* Names of running domains with such an event, in libvirt's order. Free with g_strfreev(). */
bool perf_domains_list(Connection *connection, char ***ret_names, GError **error);
