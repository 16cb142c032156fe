/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A libvirt URI of another machine. Guests can be made, listed and changed over it; counting is
 * done on the vCPUs' threads, so only on the machine itself.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define REMOTE_HOST_COUNTING "counting is done on the machine itself"

typedef struct {
    char *login;     /* "root@node"; as ssh takes it */
    char *port;      /* of ssh; NULL: not given, or of another transport */
    char *local_uri; /* the same libvirt as it is called there: "qemu:///system" */
} RemoteHost;

/* False for a URI of this machine: without a host, or one that names it. NULL is local. */
bool remote_host_parse(const char *uri, RemoteHost *ret_host);
void remote_host_clear(RemoteHost *host);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RemoteHost, remote_host_clear)

bool remote_host_is(const char *uri);

/*
 * The command that does there what `words` (the command and its arguments) would do here, quoted
 * for a shell here and for the one there. Free with g_free().
 */
char *remote_host_command(const RemoteHost *host, const char *const *words);

/* Fails, with that command, when `uri` is of another machine. `why` it has to be there: a clause.
 */
bool remote_host_refuse_because(const char *uri, const char *why, const char *const *words,
                                GError **error);
/* The same for what counts. */
bool remote_host_refuse(const char *uri, const char *const *words, GError **error);
