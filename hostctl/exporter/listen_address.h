/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The place at which a server listens: a number and a port, no names to look up. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/socket.h>

typedef struct {
    struct sockaddr_storage address;
    socklen_t length;
} ListenAddress;

/* "127.0.0.1:9178", "[::1]:9178"; port 0 takes any free one. */
bool listen_address_parse(const char *text, ListenAddress *ret_address, GError **error);

/* "127.0.0.1:9178". Free with g_free(). */
char *listen_address_print(const ListenAddress *address);

/* A listening socket, the real port in `ret_bound`; -1 on failure. */
int listen_address_open(const ListenAddress *address, ListenAddress *ret_bound, GError **error);
