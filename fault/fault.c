/* SPDX-License-Identifier: MIT */
/* The block of rules from outside: adding, taking away, counters, states, files and
 * what waits for the host. */
#include "priv.h"

#include <errno.h>
#include <string.h>

#include "proto/text.h"

size_t fault_size(void)
{
	return sizeof(struct fault);
}

void fault_init(struct fault *f, uint64_t seed, const struct guc_geometry *geometry)
{
	memset(f, 0, sizeof(*f));
	f->seed = seed;
	f->any_card = !geometry;
	if (geometry)
		f->geometry = *geometry;
}

uint64_t fault_seed(const struct fault *f)
{
	return f->seed;
}

/* --- rules ----------------------------------------------------------------------- */

static struct fault_rule *rule_of(struct fault *f, int number)
{
	for (uint32_t i = 0; i < f->rules_n; i++)
		if (f->rule[i].number == number)
			return &f->rule[i];
	return NULL;
}

/* Index + 1 of a name in a list of them, put in if it is new, where nobody uses the place
 * any more (`used`: bit i); 0: no room. */
static int8_t intern(char *list, size_t stride, uint32_t *n, uint32_t cap, uint64_t used,
		     struct span w)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < *n; i++)
		if (span_is(w, list + i * stride))
			return (int8_t)(i + 1);
	while (at < *n && used >> at & 1)
		at++;
	if (at == cap || w.n >= stride)
		return 0;
	memcpy(list + at * stride, w.s, w.n);
	list[at * stride + w.n] = '\0';
	*n = at == *n ? *n + 1 : *n;
	return (int8_t)(at + 1);
}

/* Bit i - 1 of what a rule has as index i. */
static uint64_t place(int8_t index)
{
	return index ? 1ull << (index - 1) : 0;
}

static uint64_t states_of(const struct fault_rule *r)
{
	return place(r->if_state) | place(r->unless_state) | place(r->set_state) |
	       place(r->clear_state);
}

uint64_t fault_states_used(const struct fault *f, const struct fault_rule *also)
{
	uint64_t used = f->states_on | f->states_told | (also ? states_of(also) : 0);

	for (uint32_t i = 0; i < f->rules_n; i++)
		used |= states_of(&f->rule[i]);
	return used;
}

static uint64_t files_used(const struct fault *f)
{
	uint64_t used = 0;

	for (uint32_t i = 0; i < f->rules_n; i++)
		used |= place(f->rule[i].file);
	return used;
}

static int8_t state_in(struct fault *f, const struct fault_rule *r, struct span w)
{
	return intern(f->state[0], sizeof(f->state[0]), &f->states_n, FAULT_STATES,
		      fault_states_used(f, r), w);
}

static bool names_in(struct fault *f, struct scan *s, struct fault_rule *r,
		     const struct fault_names *n)
{
	const struct {
		struct span name;
		int8_t *index;
	} states[] = {
		{ n->if_state, &r->if_state },
		{ n->unless_state, &r->unless_state },
		{ n->set_state, &r->set_state },
		{ n->clear_state, &r->clear_state },
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		if (states[i].name.n == 0)
			continue;
		*states[i].index = state_in(f, r, states[i].name);
		if (!*states[i].index)
			return scan_bad(s, states[i].name.s, "there are %u states already",
					FAULT_STATES);
	}
	if (n->file.n == 0)
		return true;
	r->file = intern(f->file[0], sizeof(f->file[0]), &f->files_n, FAULT_FILES, files_used(f),
			 n->file);
	/* Nobody has looked yet, whatever was there before. */
	if (r->file && !(files_used(f) & place(r->file)))
		f->files_there &= ~(uint32_t)place(r->file);
	return r->file || scan_bad(s, n->file.s, "there are %u files already", FAULT_FILES);
}

int fault_add(struct fault *f, const char *line, size_t len, struct fault_error *err)
{
	struct scan s = { .line = line, .len = len, .err = err };
	struct fault_names names;
	struct fault_rule r;

	*err = (struct fault_error){ 0 };
	if (!fault_parse(f, &s, &r, &names))
		return -EINVAL;
	if (r.name[0] && fault_find(f, r.name) > 0) {
		scan_bad(&s, line, "there is a rule of this name");
		return -EEXIST;
	}
	if (f->rules_n == FAULT_RULES || f->last_number == INT32_MAX) {
		scan_bad(&s, line, "there are %u rules already", FAULT_RULES);
		return -ENOSPC;
	}
	/* The names of a rule that is not added are nobody's. */
	if (!names_in(f, &s, &r, &names))
		return -ENOSPC;
	r.number = ++f->last_number;
	f->rule[f->rules_n++] = r;
	return r.number;
}

int fault_find(const struct fault *f, const char *name)
{
	const struct span w = { name, strlen(name) };
	uint64_t number;

	if (span_number(w, INT32_MAX, &number)) {
		for (uint32_t i = 0; i < f->rules_n; i++)
			if (f->rule[i].number == (int32_t)number)
				return f->rule[i].number;
		return -ENOENT;
	}
	for (uint32_t i = 0; w.n && i < f->rules_n; i++)
		if (strcmp(f->rule[i].name, name) == 0)
			return f->rule[i].number;
	return -ENOENT;
}

int fault_remove(struct fault *f, int number)
{
	struct fault_rule *r = rule_of(f, number);

	if (!r)
		return -ENOENT;
	for (uint32_t i = 0; i < f->rules_n; i++)
		if (f->rule[i].after == number || f->rule[i].until == number)
			return -EBUSY;
	f->rules_n--;
	memmove(r, r + 1, (size_t)(&f->rule[f->rules_n] - r) * sizeof(*r));
	/* Nobody need look any more at files that were its own. */
	while (f->files_n && !(files_used(f) >> (f->files_n - 1) & 1))
		f->files_n--;
	return 0;
}

void fault_clear(struct fault *f)
{
	f->rules_n = f->states_n = f->files_n = f->files_there = 0;
	f->states_on = f->states_told = 0;
}

int fault_arm(struct fault *f, int number, bool armed)
{
	struct fault_rule *r = rule_of(f, number);

	if (!r)
		return -ENOENT;
	if (armed && !r->armed)
		memset(r->seen, 0, sizeof(r->seen));
	r->armed = armed;
	return 0;
}

bool fault_info(const struct fault *f, unsigned index, struct fault_info *info)
{
	const struct fault_rule *r = &f->rule[index < f->rules_n ? index : 0];

	if (index >= f->rules_n)
		return false;
	*info = (struct fault_info){
		.number = r->number, .name = r->name, .line = r->line, .armed = r->armed,
		.matched = r->matched, .fired = r->fired,
	};
	return true;
}

/* --- states and files ------------------------------------------------------------- */

int fault_set_state(struct fault *f, const char *name, bool on)
{
	const struct span w = { name, strlen(name) };
	char copy[FAULT_NAME_MAX + 1];
	int8_t at;

	if (!span_name(w, copy))
		return -EINVAL;
	at = state_in(f, NULL, w);
	if (!at)
		return -ENOSPC;
	f->states_told |= place(at);
	if (on)
		f->states_on |= 1ull << (at - 1);
	else
		f->states_on &= ~(1ull << (at - 1));
	return 0;
}

bool fault_state(const struct fault *f, const char *name)
{
	for (uint32_t i = 0; i < f->states_n; i++)
		if (strcmp(f->state[i], name) == 0)
			return f->states_on >> i & 1;
	return false;
}

const char *fault_file(const struct fault *f, unsigned index)
{
	return index < f->files_n ? f->file[index] : NULL;
}

void fault_file_is(struct fault *f, unsigned index, bool there)
{
	if (index >= f->files_n)
		return;
	f->files_there &= ~(1u << index);
	f->files_there |= (uint32_t)there << index;
}

/* --- with a card ------------------------------------------------------------------ */

uint64_t fault_points(const struct fault *f)
{
	uint64_t points = 0;

	for (uint32_t i = 0; i < f->rules_n; i++) {
		points |= f->rule[i].points;
		/* Which key a reply is about, the request says. */
		if (f->rule[i].has_key && f->rule[i].points >> GUC_PT_MBOX_REPLY & 1)
			points |= FAULT_BIT(GUC_PT_MBOX_REQUEST);
	}
	return points;
}

void fault_attach(struct fault *f, struct guc_card *card)
{
	card->hook_mask = fault_points(f);
	card->hook = card->hook_mask ? fault_hook : NULL;
	card->hook_user = f;
}

bool fault_take(struct fault *f, struct fault_out *out)
{
	if (f->out_n == 0)
		return false;
	*out = f->out[f->out_at];
	f->out_at = (f->out_at + 1) % FAULT_OUT_MAX;
	f->out_n--;
	return true;
}
