/* A plugin that does what DO says and no plugin may do. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feebook_plugin.h"

#define FINE 0
#define NO_INIT 1        /* a handshake without a function */
#define CHANGES 2        /* a handshake that changes on loading */
#define NEEDS_MORE 3     /* a symbol that is nowhere */
#define SLEEPS 4         /* does not answer */
#define NO_INSTANCE 5    /* all well, and no instance */
#define STATUS_9 6
#define SILENT 7         /* fails without a word */
#define BAD_REPORT 8     /* counts a problem that is not within the area */
#define NEGATIVE 9
#define TOO_MUCH 10
#define FOREIGN 11       /* a commission on a line of others */
#define CHANGES_LINE 12
#define CHANGES_FIGURE 13
#define BEYOND_LINES 14  /* writes behind the answers */
#define BEYOND_TEXTS 15
#define MOVES_AREA 16
#define NO_SUCH_REASON 17
#define BAD_REASON 18    /* a reason that is no text */
#define MANY_REASONS 19
#define COUNTS_CALLS 20
#define FAILS 21
#define BEYOND_REPORT 22
#define UNALIGNED 23     /* a handshake where none can lie; says so when it is unloaded */
#define UNDERSCORE 24    /* a symbol with an underscore in front, which is another one */
#define SLOW_LOADING 25  /* a constructor that does not come back */
#define SLOW_CALL 26
#define SLOW_FREE 27
#define RESERVED 28      /* writes what is reserved */
#define ESCAPES 29       /* a report that a terminal would obey */
#define OLD_REASON 30    /* writes a reason, then only counts one */
#define CONFIG_LATE 31   /* refuses its config in a call */
#define CHANGES_TEXT 32
#define CHANGES_BATCH 33
#define CHANGES_SETUP 34 /* writes into the setup */
#define BEHIND_REPORT 35 /* writes behind the report's problems, and fails */
#define FAILS_BEYOND 36  /* fails, and has written behind its answers */
#define OLD_TEXT 37      /* writes 100 bytes and counts 3, then counts 100 */
#define EXITS 38         /* ends the process */
#define MARKS 39         /* says so when it is loaded */
#define SCATTERS 40      /* writes far behind what it counts, then counts that far */

static int calls;

/* What FEEBOOK_EXPORT writes, for handshakes that lie elsewhere. */
#define HANDSHAKE                                                                                   \
    {FEEBOOK_MAGIC, FEEBOOK_ABI, sizeof(feebook_handshake), sizeof(feebook_setup),                  \
     sizeof(feebook_batch), sizeof(feebook_order), sizeof(feebook_line), sizeof(feebook_answers),   \
     sizeof(feebook_answer), sizeof(feebook_report), sizeof(feebook_problem), sizeof(feebook_text), \
     sizeof(feebook_line_texts), sizeof(feebook_entry), sizeof(feebook_declared), 0, 0, "bad",      \
     "1.0", bad_init, bad_call, bad_free}

static int32_t say(feebook_report *report, int32_t status, const char *message) {
    uint32_t len = (uint32_t)strlen(message);
    memcpy(report->texts, message, len);
    report->problems[0].key.at = FEEBOOK_NO_TEXT;
    report->problems[0].key.len = 0;
    report->problems[0].message.at = 0;
    report->problems[0].message.len = len;
    report->text_len = len;
    report->problem_count = 1;
    return status;
}

#if DO == NEEDS_MORE
extern int32_t this_is_nowhere(void);
#endif

static int32_t bad_init(const feebook_setup *setup, feebook_report *report, void **instance) {
    (void)setup;
#if DO == CHANGES_SETUP
    ((uint8_t *)setup->texts)[0] = 'x';
#elif DO == SLEEPS
    sleep(60);
#elif DO == NO_INSTANCE
    *instance = NULL;
    return FEEBOOK_OK;
#elif DO == NEEDS_MORE
    return this_is_nowhere();
#endif
    (void)report;
    *instance = &calls;
    return FEEBOOK_OK;
}

static int32_t bad_call(void *instance, const feebook_batch *batch, feebook_answers *answers,
                        feebook_report *report) {
    (void)instance;
    calls++;
    feebook_answer *first = answers->lines;
    (void)first;
    (void)batch;
    (void)report;
#if DO == STATUS_9
    return 9;
#elif DO == SILENT
    return FEEBOOK_FAILED;
#elif DO == FAILS
    return say(report, FEEBOOK_FAILED, "there is no table for this month");
#elif DO == BAD_REPORT
    report->problem_count = 1;
    report->problems[0].message.at = 10;
    report->problems[0].message.len = 10;
    return FEEBOOK_FAILED;
#elif DO == BEYOND_REPORT
    report->text_capacity = 1;
    return say(report, FEEBOOK_FAILED, "no");
#elif DO == NEGATIVE
    first->incentive = -1;
#elif DO == TOO_MUCH
    first->incentive = ((int64_t)1 << 42) + 1;
#elif DO == FOREIGN
    first->commission = 5;
#elif DO == CHANGES_LINE
    ((feebook_line *)batch->lines)->basis = 1;
#elif DO == CHANGES_FIGURE
    ((int64_t *)batch->figures)[0] = 1;
#elif DO == BEYOND_LINES
    answers->lines[answers->line_count].incentive = 1;
#elif DO == BEYOND_TEXTS
    answers->texts[answers->text_capacity] = 'x';
#elif DO == MOVES_AREA
    answers->lines++;
#elif DO == NO_SUCH_REASON
    first->reason = 1;
#elif DO == BAD_REASON
    answers->reasons[0].at = 0;
    answers->reasons[0].len = 2;
    memcpy(answers->texts, "\xff\xfe", 2);
    answers->text_len = 2;
    answers->reason_count = 1;
#elif DO == MANY_REASONS
    answers->reason_count = answers->reason_capacity + 1;
#elif DO == COUNTS_CALLS
    first->incentive = calls;
#elif DO == SLOW_CALL
    sleep(60);
#elif DO == RESERVED
    first->reserved = 7;
#elif DO == ESCAPES
    return say(report, FEEBOOK_FAILED, "\033[2Jno \xe2\x80\xae" "table\r\nfor this");
#elif DO == OLD_REASON
    first->incentive = 1;
    first->reason = 1;
    if (calls == 1) {
        answers->reasons[0].at = 0;
        answers->reasons[0].len = 3;
        memcpy(answers->texts, "why", 3);
    }
    answers->text_len = 3;
    answers->reason_count = 1;
#elif DO == BEHIND_REPORT
    report->problems[report->problem_capacity].key.at = 0;
    return say(report, FEEBOOK_FAILED, "no");
#elif DO == FAILS_BEYOND
    answers->lines[answers->line_count].incentive = 1;
    return say(report, FEEBOOK_FAILED, "no");
#elif DO == OLD_TEXT || DO == SCATTERS
    uint32_t at = DO == SCATTERS ? 20000 : 0;
    if (calls == 1) {
        memset(answers->texts, 'a', 3);
        memset(answers->texts + at, 'b', 100);
    }
    answers->reasons[0].at = calls == 1 ? 0 : at;
    answers->reasons[0].len = calls == 1 ? 3 : 100;
    answers->text_len = calls == 1 ? 3 : at + 100;
    answers->reason_count = 1;
#elif DO == EXITS
    exit(0);
#elif DO == CONFIG_LATE
    say(report, FEEBOOK_CONFIG, "amountis too much");
    report->problems[0].key.at = 0;
    report->problems[0].key.len = 6;
    report->problems[0].message.at = 6;
    report->problems[0].message.len = 11;
    return FEEBOOK_CONFIG;
#elif DO == CHANGES_TEXT
    ((uint8_t *)batch->texts)[0] = 'x';
#elif DO == CHANGES_BATCH
    ((feebook_batch *)batch)->line_count = 0;
#endif
    return FEEBOOK_OK;
}

static void bad_free(void *instance) {
    (void)instance;
    (void)say;
#if DO == SLOW_FREE
    sleep(60);
#endif
}

#if DO == UNALIGNED || DO == MARKS
#include <stdio.h>
#endif

#if DO == UNALIGNED
/* The library's handshake is well but for its place, one byte behind. */
static struct {
    char before;
    feebook_handshake handshake;
} __attribute__((packed)) off __asm__("feebook_off") __attribute__((used)) = {
    0, HANDSHAKE
};
__asm__(".globl FEEBOOK_PLUGIN\n.type FEEBOOK_PLUGIN, @object\n.size FEEBOOK_PLUGIN, 160\n"
    ".set FEEBOOK_PLUGIN, feebook_off + 1\n");
__attribute__((destructor)) static void unloaded(void) {
    FILE *mark = fopen(MARK, "w");
    if (mark != NULL) fclose(mark);
}
#elif DO == UNDERSCORE
FEEBOOK_VISIBLE const feebook_handshake _FEEBOOK_PLUGIN = HANDSHAKE;
#elif DO == NO_INIT
FEEBOOK_EXPORT("bad", "1.0", 0, NULL, bad_call, bad_free);
#elif DO == CHANGES
FEEBOOK_VISIBLE feebook_handshake FEEBOOK_PLUGIN = HANDSHAKE;
__attribute__((constructor)) static void change(void) { FEEBOOK_PLUGIN.abi = 2; }
#else
#if DO == MARKS
__attribute__((constructor)) static void loaded(void) {
    FILE *mark = fopen(MARK, "w");
    if (mark != NULL) fclose(mark);
}
#elif DO == SLOW_LOADING
__attribute__((constructor)) static void load_slowly(void) { sleep(60); }
#endif
FEEBOOK_EXPORT("bad", "1.0", 0, bad_init, bad_call, bad_free);
#endif
