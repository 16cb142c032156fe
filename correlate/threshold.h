/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Learned thresholds, and the file they travel in (docs/thresholds-format.md). */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "correlate/estimate/estimator.h"

/* What a threshold belongs to. NULL: not known. */
typedef struct {
    char *cpu_model;   /* "emupmu" for emulated counters: the model is the CPU */
    char *microcode;   /* family: the revision without its last two digits, "0x50036xx" */
    char *mitigations; /* "spectre_v2=…; vmscape=…", sorted, without what is not affected */
    char *load;        /* the guest's load as one line */
    char *counters;    /* hardware, emulated, software, imported */
} ThresholdKey;

void threshold_key_clear(ThresholdKey *key);
ThresholdKey threshold_key_copy(const ThresholdKey *key);

/* NAN, or NULL, where not known. */
typedef struct {
    ThresholdKey key;
    const Estimator *estimator;
    char *truth;
    bool above; /* overcommitted when the value is above the threshold */
    double threshold, auc, auc_low, auc_high;
    double heldout_sensitivity, heldout_specificity;
    char *heldout;   /* repeat, load, host */
    char **datasets; /* identities of the runs it was learned from */
} Threshold;

/* Threshold, cleared with the array. */
GArray *thresholds_new(void);

GArray *thresholds_load(const char *path, GError **error);
/* The same for a text in memory; `length` -1: to its end. */
GArray *thresholds_parse(const char *name, const char *text, gssize length, GError **error);

/* The document, with a newline. Free with g_free(). */
char *thresholds_document(const GArray *thresholds);

typedef enum {
    MATCH_NONE,  /* another CPU, or a setting that is known to differ: no verdict */
    MATCH_MODEL, /* the same CPU model; not all else is known */
    MATCH_EXACT, /* CPU, microcode, mitigations and load are known to be the same */
} ThresholdMatch;
const char *threshold_match_name(ThresholdMatch match);

/* How far a threshold's key is known to be `here`'s. */
ThresholdMatch threshold_match(const ThresholdKey *key, const ThresholdKey *here);

/*
 * The one to judge with: the best match; then the largest sum of held-out sensitivity and
 * specificity; then the first of the file. Only truth vp, never steal, and only estimators of which
 * `can` says yes (NULL: all). `estimator` (NULL: any) narrows it to one name. NULL: none.
 */
typedef bool (*ThresholdFilter)(const Estimator *estimator, void *data);
const Threshold *thresholds_choose(const GArray *thresholds, const ThresholdKey *here,
                                   const char *estimator, ThresholdFilter can, void *data);
