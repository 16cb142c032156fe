/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What libvirt lacks: automatic release of its handles, and its errors as ours. Inside virt only.
 */
#pragma once

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "hostctl/virt/connection.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virConnect, virConnectClose)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)

/* Sets "what: libvirt's message of this thread's last call". Always returns false. */
bool virt_failure(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
#ifdef __clang_analyzer__ /* as common/base/failure.h says */
#define virt_failure(...) (virt_failure(__VA_ARGS__), false)
#endif

/* True when this thread's last call failed because there is no such domain. */
bool virt_no_domain(void);

/* Owned by the connection. */
virConnectPtr connection_handle(const Connection *connection);

/* ROOT of qemu:///embed?root=ROOT; NULL for other drivers. */
const char *connection_embed_root(const Connection *connection);
const char *connection_state_dir(const Connection *connection);
const char *connection_run_dir(const Connection *connection);
