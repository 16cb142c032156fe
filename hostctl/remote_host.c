/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/remote_host.h"

#include <string.h>

#include "common/base/failure.h"
#include "hostctl/shell_words.h"

static bool
is_this_machine(const char *host)
{
    static const char *const names[] = { "", "localhost", "127.0.0.1", "::1", NULL };

    return g_strv_contains(names, host) || g_ascii_strcasecmp(host, g_get_host_name()) == 0;
}

/* "[::1]:22", "node:22", "node": the host, and what follows the colon. */
static void
split_port(const char *authority, char **ret_host, char **ret_port)
{
    const char *bracket = *authority == '[' ? strchr(authority, ']') : NULL;
    const char *colon = strchr(bracket ? bracket : authority, ':');

    *ret_host = bracket ? g_strndup(authority + 1, (gsize) (bracket - authority - 1))
                : colon ? g_strndup(authority, (gsize) (colon - authority))
                        : g_strdup(authority);
    *ret_port = colon ? g_strdup(colon + 1) : NULL;
}

/* "qemu+ssh://root@node:22/system?x=y": driver, transport, user, host, port, path. */
bool
remote_host_parse(const char *uri, RemoteHost *ret_host)
{
    const char *authority = uri ? strstr(uri, "://") : NULL;
    g_autofree char *scheme = authority ? g_strndup(uri, (gsize) (authority - uri)) : NULL;
    g_autofree char *machine = NULL;
    g_autofree char *host = NULL;
    g_autofree char *port = NULL;
    const char *path, *at, *transport;

    if (!authority)
        return false;
    authority += strlen("://");
    path = authority + strcspn(authority, "/?");
    machine = g_strndup(authority, (gsize) (path - authority));
    at = strrchr(machine, '@');
    split_port(at ? at + 1 : machine, &host, &port);
    if (is_this_machine(host))
        return false;

    transport = scheme + strcspn(scheme, "+");
    *ret_host = (RemoteHost){
        .login =
            at ? g_strdup_printf("%.*s@%s", (int) (at - machine), machine, host) : g_strdup(host),
        .port = g_str_equal(transport, "+ssh") ? g_steal_pointer(&port) : NULL,
        .local_uri = g_strdup_printf("%.*s://%.*s", (int) strcspn(scheme, "+"), scheme,
                                     (int) strcspn(path, "?"), path),
    };
    return true;
}

void
remote_host_clear(RemoteHost *host)
{
    g_clear_pointer(&host->login, g_free);
    g_clear_pointer(&host->port, g_free);
    g_clear_pointer(&host->local_uri, g_free);
}

bool
remote_host_is(const char *uri)
{
    g_auto(RemoteHost) host = { 0 };

    return remote_host_parse(uri, &host);
}

char *
remote_host_command(const RemoteHost *host, const char *const *words)
{
    g_autoptr(GString) there = g_string_new("hostctl");
    GString *command = g_string_new("ssh");

    shell_words_append(there, "-c");
    shell_words_append(there, host->local_uri);
    for (; *words; words++)
        shell_words_append(there, *words);
    if (host->port) {
        shell_words_append(command, "-p");
        shell_words_append(command, host->port);
    }
    shell_words_append(command, host->login);
    /* ssh joins its words with blanks for the shell there: one word here keeps its quotes. */
    if (strpbrk(there->str, "'\"\\"))
        shell_words_append(command, there->str);
    else
        g_string_append_printf(command, " %s", there->str);
    return g_string_free(command, FALSE);
}

bool
remote_host_refuse_because(const char *uri, const char *why, const char *const *words,
                           GError **error)
{
    g_auto(RemoteHost) host = { 0 };
    g_autofree char *command = NULL;

    if (!remote_host_parse(uri, &host))
        return true;
    command = remote_host_command(&host, words);
    return failure_set(error, FAILURE_UNSUPPORTED,
                       "%s is another machine's libvirt, and %s. Run there: %s", uri, why, command);
}

bool
remote_host_refuse(const char *uri, const char *const *words, GError **error)
{
    return remote_host_refuse_because(uri, REMOTE_HOST_COUNTING, words, error);
}
