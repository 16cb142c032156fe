/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Serves two pages, / and /metrics, to GET and HEAD, from a thread of its own. Bounded: requests of
 * at most 16 KiB, no bodies, 32 connections, ten seconds without a word.
 */
#pragma once

#include "hostctl/exporter/listen_address.h"

/* Called from the server's thread; each returns a text to free with g_free(). */
typedef struct {
    char *(*metrics)(void *data, bool openmetrics);
    char *(*index)(void *data); /* HTML */
    void *data;
} HttpPages;

typedef struct HttpServer HttpServer;

/* `pages` is copied; its data must outlive the server. */
bool http_server_start(const ListenAddress *address, const HttpPages *pages,
                       HttpServer **ret_server, GError **error);
/* Lets answers that are under way end. */
void http_server_stop(HttpServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpServer, http_server_stop)

/* "http://127.0.0.1:9178/metrics" */
const char *http_server_url(const HttpServer *server);
