/* The boundary between feebook and its plugins, edition 1.
 *
 * A plugin is a shared library that exports one constant, FEEBOOK_PLUGIN, of the type
 * feebook_handshake. feebook reads it from the file and compares every field before any code of the
 * library runs. Then it calls init once per version of the terms, call for batches of orders, and
 * free at the end; it never unloads the library.
 *
 * A plugin is pure: no clock, no files, no network, nothing kept from call to call. The same orders
 * get the same answer. It writes nothing but its answers, its report and memory of its own. An
 * instance may be used from any thread, from one at a time; different instances at the same time.
 * No exception may leave a function. Every pointer that is handed over is good for that one call: the
 * areas of setup, batch, answers and report are used again or freed after it. What is to be kept is
 * copied into memory of the plugin's own, which the instance points to.
 *
 * Amounts are in minor units (cents) of the policy's currency. A text is a span of bytes in the area
 * of texts that comes with it: UTF-8, no zero byte at its end. An area may be NULL when its count is
 * 0. FEEBOOK_NONE, FEEBOOK_NO_TEXT and so on stand for what is not known: never take them for 0.
 */
#ifndef FEEBOOK_PLUGIN_H
#define FEEBOOK_PLUGIN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FEEBOOK_ABI 1u
#define FEEBOOK_MAGIC { 'f', 'e', 'e', 'b', 'o', 'o', 'k', '\n' }

#define FEEBOOK_NONE INT64_MIN          /* an amount or figure that is not known, or not given */
#define FEEBOOK_NO_TEXT UINT32_MAX      /* `at` of a text that is not known */
#define FEEBOOK_NO_RATE UINT32_MAX      /* no rate is reported */
#define FEEBOOK_NO_ENTRY UINT16_MAX     /* no rate entry holds */
#define FEEBOOK_UNKNOWN 255u            /* neither yes (1) nor no (0) */

#define FEEBOOK_WITHOUT_TEXTS 1u        /* flag: the plugin reads no texts of lines; none are handed over */

#define FEEBOOK_OK 0                    /* done */
#define FEEBOOK_CONFIG 1                /* the config is refused: the report says which keys and why */
#define FEEBOOK_FAILED 2                /* the plugin cannot go on: the report says why */
#define FEEBOOK_PANICKED 3              /* a mistake of the plugin's own: the report says where */

#define FEEBOOK_LONGEST_REASON 400u     /* bytes of a reason: one line, no control characters */

typedef struct feebook_text {
    uint32_t at;                        /* first byte in the area */
    uint32_t len;                       /* bytes */
} feebook_text;

/* A [[rate]] entry of the version. */
typedef struct feebook_entry {
    feebook_text clause;
    uint8_t by_plugin;                  /* 1: rate = "plugin" */
    uint8_t reserved[3];
} feebook_entry;

/* A figure of an earlier period that the schedule asks for (plugin.aggregates). */
typedef struct feebook_declared {
    uint8_t figure;                     /* 0 turnover (minor units), 1 orders, 2 orders of new buyers */
    uint8_t of;                         /* 0 program, 1 placement */
    uint8_t period;                     /* 0 calendar month, 1 from the 10th to the 9th */
    uint8_t back;                       /* how many periods before that of the order */
} feebook_declared;

/* The version of the terms that an instance serves. */
typedef struct feebook_setup {
    const uint8_t *texts;
    const feebook_entry *entries;       /* in file order */
    const feebook_declared *aggregates; /* in file order */
    uint32_t text_len;
    uint32_t entry_count;
    uint32_t aggregate_count;
    feebook_text config;                /* [plugin.config] as TOML, one `dotted.key = value` per line */
    feebook_text program;
    feebook_text terms;                 /* the version's name */
    feebook_text currency;              /* ISO 4217 */
    uint8_t decimals;                   /* of the currency */
    uint8_t rounding;                   /* 0 floor, 1 half up, 2 half to even */
    uint8_t reserved[2];
} feebook_setup;

typedef struct feebook_order {
    int64_t at;                         /* governing instant: seconds since 1970-01-01T00:00:00Z */
    int32_t day;                        /* civil day in the program's zone; 1 is 1 January of year 1 */
    int32_t month;                      /* 12 x year + month - 1, in the program's zone */
    uint32_t first_line;
    uint32_t line_count;
    uint32_t day_of_month;              /* 1 to 31 */
    uint32_t reserved;
} feebook_order;

/* An order line after verdict and rate, before bonus and cap. */
typedef struct feebook_line {
    int64_t basis;                      /* the commissionable amount, or FEEBOOK_NONE */
    int64_t commission;                 /* what the rate entry gave, or FEEBOOK_NONE */
    int64_t unit_price;                 /* or FEEBOOK_NONE */
    uint32_t quantity;
    uint32_t reported_rate;             /* parts per million, or FEEBOOK_NO_RATE */
    uint16_t entry;                     /* index of the [[rate]] entry that holds, or FEEBOOK_NO_ENTRY */
    uint8_t state;                      /* 0 pending, 1 approved, 2 settled, 3 declined, 4 reversed */
    uint8_t verdict;                    /* 0 uncovered, 1 declined, 2 disqualified, 3 outside the window,
                                           4 excluded, 5 held, 6 unverifiable, 7 commissionable */
    uint8_t by_plugin;                  /* 1: rate = "plugin"; the commission is the plugin's to give */
    uint8_t waits;                      /* 1: and nothing refuses the line */
    uint8_t new_buyer;                  /* 0, 1 or FEEBOOK_UNKNOWN, as the next three */
    uint8_t hot;
    uint8_t affiliate;
    uint8_t coupon;
    uint8_t reserved[6];
} feebook_line;

/* What of a line is text. */
typedef struct feebook_line_texts {
    feebook_text category;
    feebook_text ship_to;               /* ISO 3166 */
    feebook_text placement;
    feebook_text sub_id;
    feebook_text product;
} feebook_line_texts;

/* Orders to be answered. All of it is only to be read: feebook compares it after the call. */
typedef struct feebook_batch {
    const feebook_order *orders;
    const feebook_line *lines;          /* those of one order together */
    const feebook_line_texts *line_texts; /* one per line; NULL with FEEBOOK_WITHOUT_TEXTS */
    const int64_t *figures;             /* order_count x figure_count; FEEBOOK_NONE where not known */
    const uint8_t *texts;
    uint32_t order_count;
    uint32_t line_count;
    uint32_t figure_count;              /* as many as aggregates were declared */
    uint32_t text_len;
} feebook_batch;

/* What the plugin says of a line. */
typedef struct feebook_answer {
    int64_t commission;                 /* FEEBOOK_NONE: not given. Only of a line with by_plugin */
    int64_t incentive;                  /* 0: none; FEEBOOK_NONE: it cannot be said what the line earns,
                                           which leaves it open whatever its entry gives */
    uint32_t reason;                    /* 0: none; n: the n-th reason */
    uint32_t reserved;
} feebook_answer;

/* Where the answers go. The plugin writes into the three areas, and counts up the two counts. */
typedef struct feebook_answers {
    feebook_answer *lines;              /* one per line of the batch, each not given yet */
    feebook_text *reasons;              /* spans of texts; what is not counted is left as it was found, */
    uint8_t *texts;                     /* here as well */
    uint32_t line_count;
    uint32_t reason_capacity;
    uint32_t text_capacity;
    uint32_t reason_count;              /* the plugin's to count */
    uint32_t text_len;                  /* the plugin's to count */
    uint32_t reserved;
} feebook_answers;

/* One thing that is wrong: of a config, with its key below [plugin.config], such as tiers[1].share. */
typedef struct feebook_problem {
    feebook_text key;                   /* at = FEEBOOK_NO_TEXT: none */
    feebook_text message;
} feebook_problem;

/* Where the plugin says what is wrong, with any status but FEEBOOK_OK. */
typedef struct feebook_report {
    uint8_t *texts;
    feebook_problem *problems;
    uint32_t text_capacity;
    uint32_t problem_capacity;
    uint32_t text_len;                  /* the plugin's to count */
    uint32_t problem_count;             /* the plugin's to count */
} feebook_report;

typedef int32_t (*feebook_init)(const feebook_setup *setup, feebook_report *report, void **instance);
typedef int32_t (*feebook_call)(void *instance, const feebook_batch *batch, feebook_answers *answers,
                                feebook_report *report);
typedef void (*feebook_free)(void *instance);

typedef struct feebook_handshake {
    uint8_t magic[8];                   /* FEEBOOK_MAGIC */
    uint32_t abi;                       /* FEEBOOK_ABI */
    uint32_t handshake_size;
    uint32_t setup_size;
    uint32_t batch_size;
    uint32_t order_size;
    uint32_t line_size;
    uint32_t answers_size;
    uint32_t answer_size;
    uint32_t report_size;
    uint32_t problem_size;
    uint32_t text_size;
    uint32_t line_texts_size;
    uint32_t entry_size;
    uint32_t declared_size;
    uint32_t flags;
    uint32_t reserved;
    char name[32];                      /* printable ASCII, zero bytes behind it */
    char version[32];                   /* likewise */
    feebook_init init;                  /* gives an instance, which must not be NULL */
    feebook_call call;
    feebook_free free;
} feebook_handshake;

#if defined(_WIN32)
#define FEEBOOK_VISIBLE __declspec(dllexport)
#elif defined(__GNUC__)
#define FEEBOOK_VISIBLE __attribute__((visibility("default")))
#else
#define FEEBOOK_VISIBLE
#endif

#ifdef __cplusplus
#define FEEBOOK_EXTERN extern
#else
#define FEEBOOK_EXTERN
#endif

/* Exports a plugin: FEEBOOK_EXPORT("tiers", "1.0", 0, my_init, my_call, my_free); */
#define FEEBOOK_EXPORT(name, version, flags, init, call, free)                                      \
    FEEBOOK_EXTERN FEEBOOK_VISIBLE const feebook_handshake FEEBOOK_PLUGIN = {                       \
        FEEBOOK_MAGIC, FEEBOOK_ABI, sizeof(feebook_handshake), sizeof(feebook_setup),               \
        sizeof(feebook_batch), sizeof(feebook_order), sizeof(feebook_line),                         \
        sizeof(feebook_answers), sizeof(feebook_answer), sizeof(feebook_report),                    \
        sizeof(feebook_problem), sizeof(feebook_text), sizeof(feebook_line_texts),                  \
        sizeof(feebook_entry), sizeof(feebook_declared), (flags), 0, name, version, init, call,     \
        free                                                                                        \
    }

#ifdef __cplusplus
}
#endif

#endif
