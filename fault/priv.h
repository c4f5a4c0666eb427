/* SPDX-License-Identifier: MIT */
/* Fault rules as they lie in their block, and what the files of this room call of one
 * another. Private. No pointer in here but while a line is parsed. */
#ifndef GUCEMU_FAULT_PRIV_H
#define GUCEMU_FAULT_PRIV_H

#include "fault.h"

#define FAULT_MATCHES 4u /* of dwN=, byteN=, value= in a rule */
#define FAULT_BIT(p) (1ull << (p))

/* Groups of points. */
#define PTS_MSG (FAULT_BIT(GUC_PT_MBOX_REQUEST) | FAULT_BIT(GUC_PT_MBOX_REPLY) | \
		 FAULT_BIT(GUC_PT_H2G) | FAULT_BIT(GUC_PT_G2H))
#define PTS_REQ (FAULT_BIT(GUC_PT_MBOX_REQUEST) | FAULT_BIT(GUC_PT_H2G))
#define PTS_CTB (FAULT_BIT(GUC_PT_H2G) | FAULT_BIT(GUC_PT_G2H))
#define PTS_MMIO (FAULT_BIT(GUC_PT_MMIO_READ) | FAULT_BIT(GUC_PT_MMIO_WRITE))
#define PTS_MEM (FAULT_BIT(GUC_PT_MEM_READ) | FAULT_BIT(GUC_PT_MEM_WRITE))
#define PTS_ALL ((FAULT_BIT(GUC_PT_COUNT) - 1) & ~FAULT_BIT(GUC_PT_FAULT))

/* What a rule does. In the order of their rows. */
enum fault_do {
	DO_NOTHING, DO_DROP, DO_DELAY, DO_DUPLICATE, DO_REORDER, DO_SET, DO_FLIP, DO_TRUNCATE,
	DO_EXTEND, DO_BUSY, DO_RETRY, DO_FAILURE, DO_ANSWER, DO_FENCE, DO_ORIGIN, DO_DATA0,
	DO_MBZ, DO_KLV_LENGTH, DO_FAIL, DO_BIT, DO_BYTE, DO_INTERRUPT, DO_CLEAR_MAILBOX,
	DO_BREAK, DO_HANG, DO_RESET, DO_DISCONNECT, DO_PAUSE, DO_MIGRATE,
};

enum fault_match_kind { MATCH_DW, MATCH_BYTE, MATCH_VALUE };

struct fault_match {
	uint8_t kind; /* enum fault_match_kind */
	uint32_t at;
	uint64_t value, mask;
};

struct fault_rule {
	int32_t number; /* 0: empty slot */
	char name[FAULT_NAME_MAX + 1];
	char line[FAULT_LINE_MAX + 1];
	/* where */
	uint64_t points, fns;
	uint16_t gts, types, states, enters, leaves;
	bool has_action, has_key, has_code, has_range;
	uint32_t action, key, code;
	uint64_t from_addr, to_addr; /* inclusive */
	struct fault_match match[FAULT_MATCHES];
	uint32_t match_n;
	/* when; 0: not asked */
	uint64_t nth, every, first, from, until_n, t_from, t_to;
	int32_t after, until; /* numbers of rules */
	uint32_t ppm;
	int8_t file, if_state, unless_state; /* index + 1 */
	/* what */
	uint8_t what; /* enum fault_do */
	uint64_t arg[4];
	uint32_t arg_n;
	struct fault_match set;
	char target[FAULT_PATH_MAX + 1];
	/* then */
	bool disarm, log;
	int8_t set_state, clear_state; /* index + 1 */
	/* what has happened */
	bool armed;
	uint64_t matched, fired;
	uint32_t seen[GUC_MAX_FUNCTIONS], draws[GUC_MAX_FUNCTIONS];
};

struct fault {
	uint64_t seed;
	bool any_card;
	struct guc_geometry geometry;
	int32_t last_number;
	struct fault_rule rule[FAULT_RULES];
	uint32_t rules_n;
	char state[FAULT_STATES][FAULT_NAME_MAX + 1];
	uint64_t states_on, states_told; /* told: by the host, on or off */
	uint32_t states_n;
	char file[FAULT_FILES][FAULT_PATH_MAX + 1];
	uint32_t files_n, files_there;
	struct fault_out out[FAULT_OUT_MAX];
	uint32_t out_at, out_n;
	uint64_t out_lost;
	uint32_t last_key[GUC_MAX_GTS][GUC_MAX_FUNCTIONS]; /* + 1: KLV key last asked for */
	char told[64]; /* text of the last firing */
};

/* --- fault.c ----------------------------------------------------------------------- */

/* States that are on, that the host has spoken of, or that rules or `also` (NULL: none)
 * name, bit i for state[i]; the others' places are free. */
uint64_t fault_states_used(const struct fault *f, const struct fault_rule *also);

/* --- words.c ----------------------------------------------------------------------- */

/* Number of the first row of a part; rows of FAULT_WHAT are in the order of fault_do. */
const struct fault_word *fault_word_of(enum fault_part part, const char *word, size_t len);

/* --- scan.c ------------------------------------------------------------------------ */

/* A piece of the line. */
struct span {
	const char *s;
	size_t n;
};

/* Where parsing is; the first error stays. */
struct scan {
	const char *line;
	size_t len, at;
	struct fault_error *err;
	bool bad;
};

/* Always false; notes the error at the place of `span`. */
bool scan_bad(struct scan *s, const char *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The next word, between blanks; a comma ends one and is left. n 0: the end. */
struct span scan_word(struct scan *s);
/* True, and taken, when a comma comes next. */
bool scan_comma(struct scan *s);
bool span_is(struct span w, const char *text);
/* The same, whatever the case. */
bool span_like(struct span w, const char *text);
/* Split at the first `c`: false, and nothing done, when there is none. */
bool span_split(struct span w, char c, struct span *left, struct span *right);
/* Decimal or 0x...: false when it is neither, or beyond `max`. */
bool span_number(struct span w, uint64_t max, uint64_t *v);
/* "10ms": ns, us, ms or s. */
bool span_time(struct span w, uint64_t *ns);
/* A name: letters, digits, '-', '_', not all digits, at most FAULT_NAME_MAX. */
bool span_name(struct span w, char *name);

/* --- value.c: false with the error noted, but where it says otherwise -------------------- */

bool value_number(struct scan *s, struct span w, uint64_t min, uint64_t max, uint64_t *v);
bool value_time(struct scan *s, struct span w, uint64_t *ns);

/* A name and what it stands for. */
struct choice {
	uint64_t value;
	const char *name;
};

/* False: it is none of them, without an error. */
bool value_choice(struct span w, const struct choice *list, size_t n, uint64_t *v);
bool value_irq_bit(struct scan *s, struct span w, uint64_t *v);
/* A code or its name; false without an error. */
bool value_named(struct span w, const char *(*name_of)(uint32_t code), uint64_t max, uint64_t *v);
/* dwN=V, byteN=V, value=V, each with an optional mask; false, perhaps without an error. */
bool value_bits(struct scan *s, struct span key, struct span text, struct fault_match *m);
/* A|B|C as a mask. */
bool value_alternatives(struct scan *s, struct span w, const struct choice *list, size_t n,
			const char *what, uint16_t *mask);

/* --- parse.c, check.c --------------------------------------------------------------- */

/* Names in a rule that are taken in only when it is whole. */
struct fault_names {
	struct span if_state, unless_state, set_state, clear_state, file, after, until;
	/* Where a part stands, for what is wrong with it. */
	const char *where_type, *where_state, *where_action, *where_key, *where_fn, *where_match,
		*where_points, *where_what, *where_gt, *where_code, *where_range,
		*where_enters;
	struct span done; /* the WHAT with its arguments */
};

bool fault_parse(const struct fault *f, struct scan *s, struct fault_rule *r,
		 struct fault_names *names);
/* What stands behind `do` (parse_what.c). */
bool fault_parse_what(struct scan *s, struct fault_rule *r, struct fault_names *names);
/* Does what the line says about things that are each right make sense together? */
bool fault_check(const struct fault *f, struct scan *s, struct fault_rule *r,
		 const struct fault_names *names);

/* HXG types that can come at a point, a bit each. */
uint16_t fault_types_at(enum guc_point p);
/* Dword of the message that holds the KLV header of an action at a point: 0 none.
 * 255: the length is the reply's DATA0. */
unsigned fault_klv_at(uint32_t action, enum guc_point p);

/* --- match.c ------------------------------------------------------------------------- */

bool fault_match(const struct fault *f, const struct fault_rule *r, const struct guc_event *ev);

#endif
