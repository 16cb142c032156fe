/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Learned thresholds, read from the file they travel in (docs/thresholds-format.md). */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/estimate/estimator.h"

/* What a threshold belongs to. NULL: not known. */
typedef struct {
    char *cpu_model;   /* "emupmu" for emulated counters: the model is the CPU */
    char *microcode;   /* family: the revision without its last two digits, "0x50036xx" */
    char *mitigations; /* "spectre_v2=…; vmscape=…", sorted, without what is not affected */
    char *load;        /* the guest's load as one line */
    char *counters;    /* hardware, emulated, software, imported */
    char *hypervisor;  /* of a guest that is judged, "KVM"; no part of a threshold's own key */
} ThresholdKey;

/* The CPU model that thresholds of emulated counters belong to. */
#define THRESHOLD_EMULATED_CPU "emupmu"
#define THRESHOLDS_FORMAT 1

/* What a person says of the guest that a file of windows comes from; either may be NULL. */
ThresholdKey threshold_key_said(const char *cpu_model, const char *load);
void threshold_key_clear(ThresholdKey *key);
ThresholdKey threshold_key_copy(const ThresholdKey *key);

/* The revision without its last two digits. Free with g_free(); NULL stays NULL. */
char *threshold_microcode_family(const char *microcode);

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

typedef enum {
    MATCH_NONE,  /* another CPU, or a setting that is known to differ: no verdict */
    MATCH_MODEL, /* the same CPU model; not all else is known */
    MATCH_EXACT, /* CPU, microcode, mitigations and load are known to be the same */
} ThresholdMatch;
const char *threshold_match_name(ThresholdMatch match);

/* How far a threshold's key is known to be `here`'s. */
ThresholdMatch threshold_match(const ThresholdKey *key, const ThresholdKey *here);

/* Why they do not match, a clause: "another CPU model"; NULL where they do. */
const char *threshold_mismatch(const ThresholdKey *key, const ThresholdKey *here);

/*
 * The one to judge with: the best match; then the largest sum of held-out sensitivity and
 * specificity; then the first of the file. Only truth vp, never steal, and only estimators whose
 * bit (1 << estimator_index()) is in `able`. `estimator` (NULL: any) narrows it to one name. NULL:
 * none.
 */
const Threshold *thresholds_choose(const GArray *thresholds, const ThresholdKey *here,
                                   const char *estimator, unsigned able);
