/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/json_depth.h"

#include "common/base/failure.h"

bool
json_depth_check(const char *text, size_t length, GError **error)
{
    size_t depth = 0;
    bool in_string = false;

    for (size_t i = 0; i < length; i++) {
        char c = text[i];

        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
            continue;
        }
        /* json-glib reads these as quotes and comments, in which a bracket would not count. */
        if (c == '\'' || c == '/' || c == '#')
            return failure_set(error, FAILURE_FAILED, "not JSON: '%c' at byte %zu", c, i);
        if (c == '"')
            in_string = true;
        else if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && depth > 0)
            depth--;
        if (depth > JSON_MAX_DEPTH)
            return failure_set(error, FAILURE_FAILED,
                               "JSON nests deeper than %d levels at byte %zu", JSON_MAX_DEPTH, i);
    }
    return true;
}
