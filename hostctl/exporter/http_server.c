/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/exporter/http_server.h"

#include <microhttpd.h>
#include <string.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"
#include "hostctl/exporter/accept.h"
#include "hostctl/exporter/metric_text.h"

#define MAX_CONNECTIONS 32u
#define TIMEOUT_SECONDS 10u
#define CONNECTION_BYTES ((size_t) 16384)

struct HttpServer {
    HttpPages pages;
    struct MHD_Daemon *daemon;
    char *url;
};

/* `text` is taken over. */
static enum MHD_Result
answer(struct MHD_Connection *connection, unsigned status, const char *type, char *text,
       const char *allow)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback(strlen(text), text, g_free);
    enum MHD_Result result;

    if (!response) {
        g_free(text);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (allow)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
    /* Whoever gets a refusal may have more to send: it is not read. */
    if (status != MHD_HTTP_OK)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result
refuse(struct MHD_Connection *connection, unsigned status, const char *why)
{
    const char *allow = status == MHD_HTTP_METHOD_NOT_ALLOWED ? "GET, HEAD" : NULL;

    return answer(connection, status, "text/plain; charset=utf-8", g_strdup_printf("%s\n", why),
                  allow);
}

static const char *
header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* A GET with something to read after it: nobody who scrapes does that. */
static bool
has_body(struct MHD_Connection *connection)
{
    const char *length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);

    return header(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING) ||
           (length && !g_str_equal(length, "0"));
}

static enum MHD_Result
handle(void *data, struct MHD_Connection *connection, const char *path, const char *method,
       const char *version, const char *upload, size_t *upload_bytes, void **state)
{
    const HttpServer *server = data;
    bool openmetrics;

    if (!g_str_equal(method, MHD_HTTP_METHOD_GET) && !g_str_equal(method, MHD_HTTP_METHOD_HEAD))
        return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD");
    if (has_body(connection))
        return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE, "a request has no body here");
    if (g_str_equal(path, "/"))
        return answer(connection, MHD_HTTP_OK, "text/html; charset=utf-8",
                      server->pages.index(server->pages.data), NULL);
    if (!g_str_equal(path, "/metrics"))
        return refuse(connection, MHD_HTTP_NOT_FOUND, "there is / and /metrics");

    openmetrics = accept_prefers_openmetrics(header(connection, MHD_HTTP_HEADER_ACCEPT));
    return answer(connection, MHD_HTTP_OK, openmetrics ? METRIC_TYPE_OPENMETRICS : METRIC_TYPE_TEXT,
                  server->pages.metrics(server->pages.data, openmetrics), NULL);
}

bool
http_server_start(const ListenAddress *address, const HttpPages *pages, HttpServer **ret_server,
                  GError **error)
{
    g_autoptr(HttpServer) server = g_new0(HttpServer, 1);
    ListenAddress bound;
    g_autofree char *place = NULL;
    autofd int fd = listen_address_open(address, &bound, error);

    if (fd < 0)
        return false;
    server->pages = *pages;
    place = listen_address_print(&bound);
    server->url = g_strdup_printf("http://%s/metrics", place);
    server->daemon = MHD_start_daemon(
        MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, handle, server,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, MAX_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        CONNECTION_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (!server->daemon)
        return failure_set(error, FAILURE_FAILED, "the HTTP server at %s does not start", place);
    fd = -1; /* the daemon's */
    *ret_server = g_steal_pointer(&server);
    return true;
}

void
http_server_stop(HttpServer *server)
{
    if (!server)
        return;

    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    g_free(server->url);
    g_free(server);
}

const char *
http_server_url(const HttpServer *server)
{
    return server->url;
}
