/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/exporter/listen_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"
#include "common/base/text.h"

#define BACKLOG 16

static bool
set_address(const char *host, uint16_t port, ListenAddress *address)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *) &address->address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) &address->address;

    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        address->length = sizeof *v4;
        return true;
    }
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        address->length = sizeof *v6;
        return true;
    }
    return false;
}

bool
listen_address_parse(const char *text, ListenAddress *ret_address, GError **error)
{
    const char *colon = strrchr(text, ':');
    g_autofree char *host = g_strndup(text, colon ? colon - text : 0);
    ListenAddress address = { 0 };
    size_t length = strlen(host);
    bool bracketed = length > 2 && host[0] == '[' && host[length - 1] == ']';
    uint64_t port;

    if (bracketed) {
        host[length - 1] = '\0';
        memmove(host, host + 1, length - 1);
    }
    /* IPv6 wants its brackets, as in an URL. */
    if (!colon || !text_to_u64(colon + 1, &port, NULL) || port > UINT16_MAX ||
        bracketed != (strchr(host, ':') != NULL) || !set_address(host, (uint16_t) port, &address))
        return failure_set(error, FAILURE_USAGE,
                           "“%s” is no place to listen at: want ADDRESS:PORT, as in 127.0.0.1:9178"
                           " or [::1]:9178",
                           text);
    *ret_address = address;
    return true;
}

char *
listen_address_print(const ListenAddress *address)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *) &address->address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *) &address->address;
    char host[INET6_ADDRSTRLEN] = "?";

    if (address->address.ss_family == AF_INET) {
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
        return g_strdup_printf("%s:%u", host, ntohs(v4->sin_port));
    }
    inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
    return g_strdup_printf("[%s]:%u", host, ntohs(v6->sin6_port));
}

int
listen_address_open(const ListenAddress *address, ListenAddress *ret_bound, GError **error)
{
    g_autofree char *name = listen_address_print(address);
    ListenAddress bound = { .length = sizeof bound.address };
    autofd int fd = socket(address->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int result;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)) < 0 ||
        bind(fd, (const struct sockaddr *) &address->address, address->length) < 0 ||
        listen(fd, BACKLOG) < 0 ||
        getsockname(fd, (struct sockaddr *) &bound.address, &bound.length) < 0) {
        failure_set_errno(error, errno, "listening at %s (--listen takes another place)", name);
        return -1;
    }
    *ret_bound = bound;
    result = fd;
    fd = -1;
    return result;
}
