/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/fault.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/failure.h"
#include "common/base/text.h"

#define VARIABLE "INSIDEOUT_FAULT"
#define EVERY_TIME 0

typedef enum { FAULT_SIGNAL, FAULT_EXIT, FAULT_ERRNO, FAULT_NUMBER } FaultKind;

static const struct {
    const char *name;
    FaultKind kind;
    int value; /* the signal, or the errno */
} actions[] = {
    { "kill", FAULT_SIGNAL, SIGKILL }, { "term", FAULT_SIGNAL, SIGTERM },
    { "int", FAULT_SIGNAL, SIGINT },   { "hup", FAULT_SIGNAL, SIGHUP },
    { "stop", FAULT_SIGNAL, SIGSTOP }, { "exit", FAULT_EXIT, 0 },
    { "enospc", FAULT_ERRNO, ENOSPC }, { "eio", FAULT_ERRNO, EIO },
    { "emfile", FAULT_ERRNO, EMFILE }, { "enomem", FAULT_ERRNO, ENOMEM },
    { "number", FAULT_NUMBER, 0 },
};

typedef struct {
    char *name;
    int occasion; /* from 1; EVERY_TIME */
    size_t action;
    double argument; /* of exit and number */
    int seen;        /* atomic */
} Fault;

static GArray *faults; /* of Fault; NULL until read */

static void
fault_clear(void *data)
{
    g_free(((Fault *) data)->name);
}

static bool
parse_occasion(Fault *fault, const char *text, GError **error)
{
    uint64_t n;

    if (g_str_equal(text, "*")) {
        fault->occasion = EVERY_TIME;
        return true;
    }
    if (!text_to_u64(text, &n, error) || n == 0 || n > G_MAXINT)
        return false;
    fault->occasion = (int) n;
    return true;
}

static bool
parse_action(Fault *fault, const char *name, const char *argument, GError **error)
{
    for (fault->action = 0; fault->action < G_N_ELEMENTS(actions); fault->action++)
        if (g_str_equal(name, actions[fault->action].name))
            break;
    if (fault->action == G_N_ELEMENTS(actions))
        return false;

    fault->argument = actions[fault->action].kind == FAULT_EXIT ? 1 : 0;
    if (argument)
        return text_to_double(argument, &fault->argument, error);
    return actions[fault->action].kind != FAULT_NUMBER;
}

static bool
parse_fault(const char *text, Fault *ret_fault, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", 3);
    g_autoptr(GError) problem = NULL;
    Fault fault = { .occasion = 1 };
    char *occasion = *parts ? strchr(parts[0], '#') : NULL;
    bool parsed = g_strv_length(parts) >= 2 && parse_action(&fault, parts[1], parts[2], &problem);

    if (parsed && actions[fault.action].kind == FAULT_NUMBER)
        fault.occasion = EVERY_TIME;
    if (parsed && occasion) {
        *occasion = '\0';
        parsed = parse_occasion(&fault, occasion + 1, &problem);
    }
    if (!parsed)
        return failure_set(error, FAILURE_USAGE,
                           VARIABLE ": “%s” is not NAME[#N]:ACTION[:ARGUMENT]%s%s", text,
                           problem ? ": " : "", problem ? problem->message : "");
    fault.name = g_strdup(parts[0]);
    *ret_fault = fault;
    return true;
}

static GArray *
read_faults(GError **error)
{
    const char *text = g_getenv(VARIABLE);
    g_auto(GStrv) words = g_strsplit(text ? text : "", ",", -1);
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(Fault));

    g_array_set_clear_func(list, fault_clear);
    for (char **word = words; *word; word++) {
        Fault fault;

        if (!parse_fault(*word, &fault, error))
            return NULL;
        g_array_append_val(list, fault);
    }
    return g_steal_pointer(&list);
}

/* A text that cannot be read sets no fault; fault_check() is there to tell. */
static void
ensure_read(void)
{
    static gsize once;

    if (!g_once_init_enter(&once))
        return;
    if (!faults)
        faults = read_faults(NULL);
    g_once_init_leave(&once, 1);
}

bool
fault_reload(GError **error)
{
    ensure_read();
    g_clear_pointer(&faults, g_array_unref);
    faults = read_faults(error);
    return faults != NULL;
}

bool
fault_check(GError **error)
{
    g_autoptr(GArray) list = read_faults(error);

    return list != NULL;
}

char *
fault_words(const char *prefix)
{
    const char *text = g_getenv(VARIABLE);
    g_auto(GStrv) words = g_strsplit(text ? text : "", ",", -1);
    g_autoptr(GString) chosen = g_string_new(NULL);

    for (char **word = words; *word; word++)
        if (g_str_has_prefix(*word, prefix))
            g_string_append_printf(chosen, "%s%s", chosen->len ? "," : "", *word);
    return chosen->len ? g_string_free(g_steal_pointer(&chosen), FALSE) : NULL;
}

/* The fault that is due now at this name, counting the occasion; NULL: none. */
static const Fault *
due(const char *name)
{
    const Fault *found = NULL;

    ensure_read();
    for (guint i = 0; faults && i < faults->len; i++) {
        Fault *fault = &g_array_index(faults, Fault, i);

        if (!g_str_equal(fault->name, name))
            continue;
        if (g_atomic_int_add(&fault->seen, 1) + 1 == fault->occasion ||
            fault->occasion == EVERY_TIME)
            found = fault;
    }
    return found;
}

/* Whoever set the fault must see that it was reached, and the process may be gone at once. */
static void
tell(const Fault *fault)
{
    dprintf(STDERR_FILENO, "fault point %s: %s\n", fault->name, actions[fault->action].name);
}

int
fault_errno(const char *name)
{
    const Fault *fault = due(name);

    if (!fault)
        return 0;
    switch (actions[fault->action].kind) {
    case FAULT_SIGNAL:
        tell(fault);
        raise(actions[fault->action].value);
        return 0;
    case FAULT_EXIT:
        tell(fault);
        _exit((int) fault->argument);
    case FAULT_ERRNO:
        return actions[fault->action].value;
    default:
        return 0;
    }
}

void
fault_point(const char *name)
{
    fault_errno(name);
}

double
fault_number(const char *name, double fallback)
{
    const Fault *fault = due(name);

    return fault && actions[fault->action].kind == FAULT_NUMBER ? fault->argument : fallback;
}
