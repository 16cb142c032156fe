/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/top/top_screen.h"

#include <curses.h>
#include <poll.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "hostctl/top/top_render.h"

static const struct {
    int code;
    TopKey key;
} keys[] = {
    { KEY_UP, TOP_KEY_UP },         { 'k', TOP_KEY_UP },
    { KEY_DOWN, TOP_KEY_DOWN },     { 'j', TOP_KEY_DOWN },
    { KEY_PPAGE, TOP_KEY_PAGE_UP }, { KEY_NPAGE, TOP_KEY_PAGE_DOWN },
    { KEY_HOME, TOP_KEY_FIRST },    { KEY_END, TOP_KEY_LAST },
    { '\n', TOP_KEY_ENTER },        { '\r', TOP_KEY_ENTER },
    { KEY_ENTER, TOP_KEY_ENTER },   { 27, TOP_KEY_BACK },
    { KEY_LEFT, TOP_KEY_BACK },     { KEY_BACKSPACE, TOP_KEY_BACK },
    { 'm', TOP_KEY_MATRIX },        { 'f', TOP_KEY_FREEZE },
    { ' ', TOP_KEY_FREEZE },        { 's', TOP_KEY_SORT },
    { 'h', TOP_KEY_HELP },          { '?', TOP_KEY_HELP },
    { 'q', TOP_KEY_QUIT },
};

static const struct {
    int attribute;
    short colour; /* a pair; 0: the terminal's own */
} styles[] = {
    [TOP_PLAIN] = { A_NORMAL, 0 },     [TOP_HEADING] = { A_BOLD, 0 },
    [TOP_SELECTED] = { A_REVERSE, 0 }, [TOP_WARNING] = { A_NORMAL, 1 },
    [TOP_ALARM] = { A_BOLD, 2 },
};

/* A terminal that has them, and a user who has not set NO_COLOR (https://no-color.org). */
static bool
wants_colours(void)
{
    const char *refused = g_getenv("NO_COLOR");

    return has_colors() && !(refused && *refused);
}

/* NULL with an error. */
static SCREEN *
open_screen(GError **error)
{
    SCREEN *screen = NULL;

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        failure_set(error, FAILURE_USAGE, "no terminal here; use --batch, or --json for programs");
    else if (!(screen = newterm(NULL, stdout, stdin)))
        failure_set(error, FAILURE_FAILED,
                    "the terminal “%s” is not known; set TERM, or use --batch",
                    g_getenv("TERM") ? g_getenv("TERM") : "");
    if (!screen)
        return NULL;
    set_escdelay(50);
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    curs_set(0);
    if (wants_colours()) {
        start_color();
        use_default_colors();
        init_pair(1, COLOR_YELLOW, -1);
        init_pair(2, COLOR_RED, -1);
    }
    return screen;
}

static void
close_screen(SCREEN *screen)
{
    endwin();
    delscreen(screen);
}

static void
paint(TopState *state)
{
    g_autoptr(GPtrArray) lines = NULL;

    getmaxyx(stdscr, state->height, state->width);
    lines = top_render(state);
    erase();
    for (guint i = 0; i < lines->len; i++) {
        const TopLine *line = lines->pdata[i];
        int attribute = styles[line->style].attribute;

        if (wants_colours() && styles[line->style].colour)
            attribute |= COLOR_PAIR(styles[line->style].colour);
        attrset(attribute);
        mvaddstr((int) i, 0, line->text);
    }
    attrset(A_NORMAL);
    refresh();
}

/* True when something was pressed, or the terminal has another size. */
static bool
read_keys(TopState *state)
{
    bool pressed = false;
    int code;

    while ((code = getch()) != ERR) {
        pressed = true;
        /* Terminals differ in what they keep of their text when their size changes. */
        if (code == KEY_RESIZE)
            clearok(stdscr, TRUE);
        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
            if (keys[i].code == code)
                top_state_press(state, keys[i].key);
    }
    return pressed;
}

/* False when the terminal has gone. */
static bool
wait_for_keys(const Interrupt *interrupt, int64_t until_ns)
{
    struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN },
                            { .fd = interrupt_fd(interrupt), .events = POLLIN } };
    int64_t left_ms = (until_ns - clock_raw_ns()) / NS_PER_MS;

    /* A new size of the terminal ends poll(2) with EINTR, which is as good as a key. */
    poll(fds, G_N_ELEMENTS(fds), (int) CLAMP(left_ms, 0, 1000));
    return !(fds[0].revents & (POLLHUP | POLLERR | POLLNVAL));
}

static bool
run(TopState *state, NodeWatch *watch, const Interrupt *interrupt, GError **error)
{
    int64_t interval_ns = (int64_t) (state->interval_seconds * NS_PER_SECOND);
    /* The first look comes soon: nobody wants to look at an empty screen. */
    int64_t next_ns = clock_raw_ns() + MIN(interval_ns, NS_PER_SECOND);

    paint(state);
    while (!state->quit && interrupt_signal(interrupt) == 0) {
        bool changed;

        if (!wait_for_keys(interrupt, next_ns))
            return true;
        changed = read_keys(state);
        if (clock_raw_ns() >= next_ns) {
            NodeView *view = NULL;

            if (!node_watch_take(watch, &view, error))
                return false;
            top_state_take(state, view);
            next_ns = MAX(next_ns + interval_ns, clock_raw_ns());
            changed = true;
        }
        if (changed)
            paint(state);
    }
    return true;
}

bool
top_screen_run(NodeWatch *watch, double interval_seconds, const Interrupt *interrupt,
               GError **error)
{
    TopState state;
    SCREEN *screen = open_screen(error);
    bool ok;

    if (!screen)
        return false;
    top_state_init(&state, interval_seconds);
    ok = run(&state, watch, interrupt, error);
    close_screen(screen);
    top_state_clear(&state);
    return ok;
}
