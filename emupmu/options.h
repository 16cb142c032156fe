/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plugin's options, as given in -plugin file=…,page=…,host=…,vmid=…[,llc_kib=…]. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTIONS_PROBLEM_BYTES 256

typedef struct {
    const char *page; /* file of this guest's counter page */
    const char *host; /* file of the modelled silicon, the same for all guests of a host */
    uint32_t vmid;    /* different for each of them */
    uint32_t llc_kib;
} Options;

/* The strings stay argv's. False, with a sentence that names the option, when something is wrong.
 */
bool options_parse(int argc, char **argv, Options *ret_options,
                   char problem[OPTIONS_PROBLEM_BYTES]);
