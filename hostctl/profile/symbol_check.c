/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/profile/symbol_check.h"

#include <string.h>

#include "common/base/failure.h"
#include "common/base/text.h"

#define HEX_DIGITS "0123456789abcdefABCDEF"
#define DIGITS "0123456789"
#define NAME_OF_MODULE G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-"
#define SHOWN_BYTES 80 /* of a line that is refused */

/* What is left of a line. Each step takes something off its front, or says what is wrong. */
typedef struct {
    const char *at;
    const char *wrong; /* NULL: nothing yet */
} Line;

static void
refuse(Line *line, const char *why)
{
    if (!line->wrong)
        line->wrong = why;
}

/* At least one and at most `max` of these characters. */
static const char *
take(Line *line, const char *characters, size_t max, const char *why)
{
    const char *begin = line->at;
    size_t n = strspn(line->at, characters);

    if (n == 0 || n > max)
        refuse(line, why);
    line->at += n;
    return begin;
}

static void
take_one(Line *line, char character, const char *why)
{
    if (*line->at != character)
        refuse(line, why);
    else
        line->at++;
}

/* True when it is not 0. */
static bool
take_address(Line *line)
{
    const char *begin = take(line, HEX_DIGITS, 16, "its address is no hexadecimal number");

    return strspn(begin, "0") < (size_t) (line->at - begin);
}

/* Printable ASCII up to the next blank or control character. */
static size_t
take_name(Line *line)
{
    size_t n = 0;

    while (g_ascii_isgraph(line->at[n]))
        n++;
    if (n == 0 || n > SYMBOL_NAME_MAX)
        refuse(line, "its symbol has no name, or one that is too long");
    line->at += n;
    return n;
}

static bool
is_start(const char *name, size_t n)
{
    return (n == strlen("_text") && strncmp(name, "_text", n) == 0) ||
           (n == strlen("_stext") && strncmp(name, "_stext", n) == 0);
}

/* "ffffffff81000000 T _text", "ffffffffc0123000 t helper\t[module]" */
static const char *
check_symbol(SymbolCheck *check, const char *text)
{
    Line line = { .at = text };
    bool placed = take_address(&line);
    const char *name;
    size_t n;

    take_one(&line, ' ', "no blank after its address");
    if (!g_ascii_isalpha(*line.at))
        refuse(&line, "its type is no letter");
    else
        line.at++;
    take_one(&line, ' ', "no blank after its type");
    name = line.at;
    n = take_name(&line);
    if (*line.at == '\t') {
        line.at++;
        take_one(&line, '[', "no module where one should stand");
        take(&line, NAME_OF_MODULE, SYMBOL_MODULE_MAX, "its module has no proper name");
        take_one(&line, ']', "the name of its module does not end");
    }
    if (*line.at)
        refuse(&line, "something stands after its symbol");
    check->n_addresses += placed;
    check->has_start |= !line.wrong && placed && is_start(name, n);
    return line.wrong;
}

/* A number, or "-" from a kernel that cannot unload modules. */
static void
take_users(Line *line)
{
    if (*line->at == '-')
        line->at++;
    else
        take(line, DIGITS, 10, "the number of its users is none");
}

static void
take_state(Line *line)
{
    static const char *const states[] = { "Live", "Loading", "Unloading" };

    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        if (!g_str_has_prefix(line->at, states[i]))
            continue;
        line->at += strlen(states[i]);
        return;
    }
    refuse(line, "its state is none that a module can have");
}

/* "ext4 1007616 2 mbcache,jbd2, Live 0xffffffffc0a3a000 (E)" */
static const char *
check_module(SymbolCheck *check, const char *text)
{
    static const char no_blank[] = "its words are not as the kernel writes them";
    Line line = { .at = text };

    take(&line, NAME_OF_MODULE, SYMBOL_MODULE_MAX, "its module has no proper name");
    take_one(&line, ' ', no_blank);
    take(&line, DIGITS, 19, "its size is no number");
    take_one(&line, ' ', no_blank);
    take_users(&line);
    take_one(&line, ' ', no_blank);
    take(&line, NAME_OF_MODULE ",[]", SYMBOL_LINE_MAX, "its users have no proper names");
    take_one(&line, ' ', no_blank);
    take_state(&line);
    if (!g_str_has_prefix(line.at, " 0x"))
        refuse(&line, "its address is no hexadecimal number");
    else
        line.at += strlen(" 0x");
    check->n_addresses += take_address(&line);
    if (*line.at == ' ') {
        line.at++;
        take_one(&line, '(', no_blank);
        take(&line, G_CSET_A_2_Z "+-", 32, "its taints are no letters");
        take_one(&line, ')', no_blank);
    }
    if (*line.at)
        refuse(&line, "something stands after its address");
    return line.wrong;
}

/* Several times what a distribution's kernel has. */
static const struct {
    const char *name;
    uint64_t max_lines, max_bytes;
    const char *(*check)(SymbolCheck *check, const char *line);
} files[WIRE_FILES] = {
    [WIRE_FILE_KALLSYMS] = { "kallsyms", 1000000, 64u << 20, check_symbol },
    [WIRE_FILE_MODULES] = { "modules", 10000, 4u << 20, check_module },
};

void
symbol_check_begin(SymbolCheck *check, WireFile file)
{
    *check = (SymbolCheck){ .file = file };
}

/* The line without its newline is in check->held. */
static bool
end_line(SymbolCheck *check, GError **error)
{
    const char *wrong = "it holds a character 0";

    check->held[check->n_held] = '\0';
    check->n_lines++;
    if (check->n_lines > files[check->file].max_lines)
        return failure_set(error, FAILURE_FAILED,
                           "more than %" G_GUINT64_FORMAT " lines: no kernel's %s",
                           files[check->file].max_lines, files[check->file].name);
    if (strlen(check->held) == check->n_held)
        wrong = files[check->file].check(check, check->held);
    if (wrong) {
        g_autofree char *shown = text_printable(check->held, SHOWN_BYTES);

        return failure_set(error, FAILURE_FAILED,
                           "line %" G_GUINT64_FORMAT " is not of a kernel's %s, %s: “%s”",
                           check->n_lines, files[check->file].name, wrong, shown);
    }
    check->n_held = 0;
    return true;
}

static bool
hold(SymbolCheck *check, const char *bytes, size_t n_bytes, GError **error)
{
    if (n_bytes > SYMBOL_LINE_MAX - check->n_held)
        return failure_set(error, FAILURE_FAILED,
                           "line %" G_GUINT64_FORMAT " is longer than %d bytes: no kernel's %s",
                           check->n_lines + 1, SYMBOL_LINE_MAX, files[check->file].name);
    memcpy(check->held + check->n_held, bytes, n_bytes);
    check->n_held += n_bytes;
    return true;
}

bool
symbol_check_feed(SymbolCheck *check, const char *bytes, size_t n_bytes, GError **error)
{
    const char *end = bytes + n_bytes;

    check->n_bytes += n_bytes;
    if (check->n_bytes > files[check->file].max_bytes)
        return failure_set(error, FAILURE_FAILED,
                           "more than %" G_GUINT64_FORMAT " bytes: no kernel's %s",
                           files[check->file].max_bytes, files[check->file].name);
    while (bytes < end) {
        const char *newline = memchr(bytes, '\n', (size_t) (end - bytes));
        const char *stop = newline ? newline : end;

        if (!hold(check, bytes, (size_t) (stop - bytes), error) ||
            (newline && !end_line(check, error)))
            return false;
        bytes = newline ? newline + 1 : end;
    }
    return true;
}

bool
symbol_check_end(SymbolCheck *check, GError **error)
{
    if (check->n_held > 0)
        return failure_set(error, FAILURE_FAILED,
                           "it ends in the middle of line %" G_GUINT64_FORMAT, check->n_lines + 1);
    if (check->n_lines > 0 && check->n_addresses == 0)
        return failure_set(error, FAILURE_FAILED,
                           "all addresses are 0: the guest's kernel hides them. In the guest, "
                           "sysctl kernel.kptr_restrict=1, and read them as root (CAP_SYSLOG)");
    if (check->file == WIRE_FILE_KALLSYMS && !check->has_start)
        return failure_set(error, FAILURE_FAILED,
                           "neither _text nor _stext is among its %" G_GUINT64_FORMAT
                           " symbols: perf cannot tell where this kernel lies",
                           check->n_lines);
    return true;
}
