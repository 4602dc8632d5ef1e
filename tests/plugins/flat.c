/* A plugin in C: a flat amount on every line that earns something, of config `amount` in cents. */
#include <stdlib.h>
#include <string.h>

#include "feebook_plugin.h"

typedef struct flat {
    int64_t amount;
} flat;

/* Says one thing in the report. */
static int32_t tell(feebook_report *report, int32_t status, const char *key, const char *message) {
    uint32_t key_len = (uint32_t)strlen(key), len = (uint32_t)strlen(message);
    memcpy(report->texts, key, key_len);
    memcpy(report->texts + key_len, message, len);
    report->problems[0].key.at = 0;
    report->problems[0].key.len = key_len;
    report->problems[0].message.at = key_len;
    report->problems[0].message.len = len;
    report->text_len = key_len + len;
    report->problem_count = 1;
    return status;
}

static int32_t flat_init(const feebook_setup *setup, feebook_report *report, void **instance) {
    /* One line of config: amount = 25 */
    const char *config = (const char *)setup->texts + setup->config.at;
    const char *end = config + setup->config.len;
    static const char key[] = "amount = ";
    if (setup->config.len < sizeof key || memcmp(config, key, sizeof key - 1) != 0)
        return tell(report, FEEBOOK_CONFIG, "amount", "is missing, expected cents as an integer");
    int64_t amount = 0;
    for (config += sizeof key - 1; config < end && *config != '\n'; config++) {
        if (*config < '0' || *config > '9' || amount > 100000000)
            return tell(report, FEEBOOK_CONFIG, "amount", "is no number of cents");
        amount = amount * 10 + (*config - '0');
    }
    flat *made = malloc(sizeof *made);
    if (made == NULL) return FEEBOOK_FAILED;
    made->amount = amount;
    *instance = made;
    return FEEBOOK_OK;
}

static int32_t flat_call(void *instance, const feebook_batch *batch, feebook_answers *answers,
                         feebook_report *report) {
    static const char why[] = "flat amount per line";
    const flat *rule = instance;
    (void)report;
    memcpy(answers->texts, why, sizeof why - 1);
    answers->reasons[0].at = 0;
    answers->reasons[0].len = sizeof why - 1;
    answers->text_len = sizeof why - 1;
    answers->reason_count = 1;
    for (uint32_t n = 0; n < batch->line_count; n++) {
        if (batch->lines[n].commission == FEEBOOK_NONE) continue;
        answers->lines[n].incentive = rule->amount;
        answers->lines[n].reason = 1;
    }
    return FEEBOOK_OK;
}

FEEBOOK_EXPORT("flat", "1.0", FEEBOOK_WITHOUT_TEXTS, flat_init, flat_call, free);
