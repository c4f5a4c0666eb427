/* SPDX-License-Identifier: MIT */
/* Options of a command as a table: the parser and --help read the same rows. */
#ifndef GUCEMU_CLI_OPTIONS_H
#define GUCEMU_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cli_kind {
	CLI_FLAG,   /* bool, no argument */
	CLI_STRING, /* const char * */
	CLI_UINT,   /* unsigned, min..max */
	CLI_SIZE,   /* uint64_t, min..max; 0x..., suffixes K, M, G */
	CLI_LIST,   /* struct cli_list: may be given several times */
};

#define CLI_LIST_MAX 16u
struct cli_list {
	const char *item[CLI_LIST_MAX];
	unsigned n;
};

struct cli_option {
	const char *name; /* without dashes */
	enum cli_kind kind;
	const char *arg;  /* what --help calls the argument */
	const char *help;
	void *value;      /* of the kind's type; keeps its default */
	uint64_t min, max;/* of CLI_UINT and CLI_SIZE; both 0: anything */
};

struct cli_command {
	const char *name;  /* as typed: "gucemu pf" */
	const char *args;  /* behind it: "VERB [options]" */
	const char *about; /* one line */
	const struct cli_option *options;
	size_t options_n;
	const char *notes; /* printed below the options, or NULL */
};

enum cli_result {
	CLI_RUN,  /* go on; argv[1..*argc) are the words that are no options */
	CLI_HELP, /* --help was printed: exit status 0 */
	CLI_BAD,  /* a message was printed: exit status 2 */
};

#define CLI_EXIT_USAGE 2

/* Take the options out of argv, in any order; "--" ends them. */
enum cli_result cli_parse(const struct cli_command *c, int *argc, char **argv);
void cli_help(const struct cli_command *c);
/* Message to stderr: "NAME: text", then where to find help. */
void cli_complain(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The word of words[0..n) nearest to `word`, or NULL when none is near. */
const char *cli_nearest(const char *word, const char *const *words, size_t n);
/* Says to stderr that `word` is none of words[0..n), which are of that `kind`
 * ("verb"), and which is near. The exit status. */
int cli_unknown(const char *name, const char *kind, const char *word, const char *const *words,
		size_t n);
/* A number: decimal, 0x..., with suffix K, M or G when `suffix`. */
bool cli_number(const char *text, bool suffix, uint64_t *value);

#endif
