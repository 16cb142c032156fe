/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/console.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/failure.h"
#include "common/base/text.h"
#include "hostctl/virt/glue.h"

struct Console {
    gint references; /* ours, and the event loop's for the watch */
    GMutex lock;     /* guards what follows: the event loop runs in another thread */
    GString *text;
    size_t bytes; /* ever read */
    int fd;       /* the listening socket, then QEMU's; -1: over */
    int watch;    /* -1: none */
    bool connected;
};

static void
console_unref(void *data)
{
    Console *console = data;

    if (!g_atomic_int_dec_and_test(&console->references))
        return;
    if (console->fd >= 0)
        close(console->fd);
    g_mutex_clear(&console->lock);
    g_string_free(console->text, TRUE);
    g_free(console);
}

static void
stop_watching(Console *console)
{
    if (console->watch >= 0)
        virEventRemoveHandle(console->watch);
    console->watch = -1;
}

static void on_event(int watch, int fd, int events, void *data);

static bool
start_watching(Console *console)
{
    g_atomic_int_inc(&console->references);
    console->watch =
        virEventAddHandle(console->fd, VIR_EVENT_HANDLE_READABLE, on_event, console, console_unref);
    if (console->watch < 0)
        g_atomic_int_dec_and_test(&console->references);
    return console->watch >= 0;
}

/* QEMU came: one connection is all there will be. */
static void
take_connection(Console *console)
{
    int fd = accept4(console->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return;
    stop_watching(console);
    close(console->fd);
    console->fd = fd;
    console->connected = true;
    start_watching(console);
}

static void
take_text(Console *console)
{
    char buffer[4096];
    ssize_t n = read(console->fd, buffer, sizeof buffer);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0) {
        console->bytes += (size_t) n;
        g_string_append_len(console->text, buffer, n);
        if (console->text->len > CONSOLE_KEPT_BYTES)
            g_string_erase(console->text, 0, (gssize) (console->text->len - CONSOLE_KEPT_BYTES));
    }
    if (n <= 0 || console->bytes > CONSOLE_MAX_BYTES) {
        stop_watching(console);
        close(console->fd);
        console->fd = -1;
    }
}

static void
on_event(int watch, int fd, int events, void *data)
{
    Console *console = data;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&console->lock);

    if (watch != console->watch)
        return;
    if (console->connected)
        take_text(console);
    else
        take_connection(console);
}

/* A listening socket at `path`, which an earlier process may have left. */
static int
listen_at(const char *path, GError **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd;

    if (strlen(path) >= sizeof address.sun_path) {
        failure_set(error, FAILURE_FAILED, "%s is too long for a socket", path);
        return -1;
    }
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    unlink(path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *) &address, sizeof address) == 0 &&
        listen(fd, 1) == 0)
        return fd;

    failure_set_errno(error, errno, "listening at %s", path);
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Takes the descriptor. `what` is for the message. */
static Console *
watch_over(int fd, bool connected, const char *what, GError **error)
{
    Console *console = g_new0(Console, 1);
    bool watched;

    g_atomic_int_set(&console->references, 1);
    g_mutex_init(&console->lock);
    console->text = g_string_new(NULL);
    console->fd = fd;
    console->connected = connected;
    /* QEMU may come before virEventAddHandle() has returned. */
    g_mutex_lock(&console->lock);
    watched = start_watching(console);
    g_mutex_unlock(&console->lock);
    if (!watched) {
        virt_failure(error, "watching %s", what);
        console_free(console);
        return NULL;
    }
    return console;
}

Console *
console_new(const char *path, GError **error)
{
    int fd = listen_at(path, error);

    return fd >= 0 ? watch_over(fd, false, path, error) : NULL;
}

Console *
console_new_connected(int fd, GError **error)
{
    return watch_over(fd, true, "a guest's console", error);
}

void
console_free(Console *console)
{
    if (!console)
        return;

    g_mutex_lock(&console->lock);
    stop_watching(console);
    g_mutex_unlock(&console->lock);
    console_unref(console);
}

/* Where to begin so that the cause is in what is shown: a panic's trace is longer than its reason.
 */
static size_t
start_of_tail(const GString *text, size_t max_bytes)
{
    size_t start = text->len > max_bytes ? text->len - max_bytes : 0;
    const char *panic = g_strrstr_len(text->str, (gssize) text->len, "Kernel panic");
    size_t panic_at = panic ? (size_t) (panic - text->str) : start;

    return MIN(start, panic_at);
}

char *
console_tail(Console *console, size_t max_bytes)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&console->lock);
    size_t start = start_of_tail(console->text, max_bytes);
    g_autofree char *tail =
        g_strndup(console->text->str + start, MIN(max_bytes, console->text->len - start));
    g_auto(GStrv) lines = g_strsplit(g_strdelimit(tail, "\r", '\n'), "\n", -1);
    GString *out = g_string_new(NULL);

    for (char **line = lines; *line; line++) {
        g_autofree char *printable = text_printable(*line, strlen(*line));

        if (*printable)
            g_string_append_printf(out, out->len ? "\n%s" : "%s", printable);
    }
    return g_string_free(out, FALSE);
}
