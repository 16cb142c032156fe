/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emupmu/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emupmu/model.h"

typedef struct {
    const char *value;
    uint64_t number; /* UINT64_MAX when the value is none */
} Argument;

static bool
set_page(Options *options, Argument argument)
{
    options->page = argument.value;
    return argument.value[0] == '/';
}

static bool
set_host(Options *options, Argument argument)
{
    options->host = argument.value;
    return argument.value[0] == '/';
}

static bool
set_vmid(Options *options, Argument argument)
{
    options->vmid = (uint32_t) argument.number;
    return argument.number >= 1 && argument.number <= MODEL_VMID_MAX;
}

static bool
set_llc_kib(Options *options, Argument argument)
{
    options->llc_kib = (uint32_t) argument.number;
    return model_llc_kib_valid(argument.number);
}

static const struct {
    const char *name;
    bool (*set)(Options *options, Argument argument);
    const char *wanted;
    bool required;
} option_list[] = {
    { "page", set_page, "an absolute path", true },
    { "host", set_host, "an absolute path", true },
    { "vmid", set_vmid, "a number from 1 to 65535, another for each guest", true },
    { "llc_kib", set_llc_kib, "a power of two from 256 to 16384", false },
};
enum { N_OPTIONS = sizeof option_list / sizeof option_list[0] };

static_assert(MODEL_VMID_MAX == 65535 && MODEL_LLC_KIB_MIN == 256 && MODEL_LLC_KIB_MAX == 16384,
              "the limits are in the texts above");

static Argument
read_argument(const char *value)
{
    Argument argument = { .value = value, .number = UINT64_MAX };
    char *end;

    if (value[0] < '0' || value[0] > '9')
        return argument;
    errno = 0;
    const unsigned long long number = strtoull(value, &end, 10);

    if (*end == '\0' && errno == 0)
        argument.number = number;
    return argument;
}

static int
find_option(const char *text, size_t name_length)
{
    for (int i = 0; i < N_OPTIONS; i++)
        if (strlen(option_list[i].name) == name_length &&
            memcmp(option_list[i].name, text, name_length) == 0)
            return i;
    return -1;
}

static bool
refuse(char *problem, const char *name, const char *what, const char *wanted)
{
    snprintf(problem, OPTIONS_PROBLEM_BYTES, "option %s: %s; give %s", name, what, wanted);
    return false;
}

bool
options_parse(int argc, char **argv, Options *ret_options, char problem[OPTIONS_PROBLEM_BYTES])
{
    Options options = { .llc_kib = MODEL_LLC_KIB_DEFAULT };
    bool seen[N_OPTIONS] = { false };

    for (int i = 0; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');
        const int found = equals ? find_option(argv[i], (size_t) (equals - argv[i])) : -1;

        if (found < 0)
            return refuse(problem, argv[i], "unknown", "page=, host=, vmid= or llc_kib=");
        if (seen[found])
            return refuse(problem, option_list[found].name, "given twice", "it once");
        if (!option_list[found].set(&options, read_argument(equals + 1)))
            return refuse(problem, option_list[found].name, "wrong value",
                          option_list[found].wanted);
        seen[found] = true;
    }
    for (int i = 0; i < N_OPTIONS; i++)
        if (option_list[i].required && !seen[i])
            return refuse(problem, option_list[i].name, "missing", option_list[i].wanted);

    *ret_options = options;
    return true;
}
