/* SPDX-License-Identifier: MIT */
/* The words of a rule: one table that the parser, the help and the documentation
 * read. `points` says where a word is possible. */
#include "priv.h"

#include <string.h>

#define P(sym) FAULT_BIT(GUC_PT_##sym)
#define W(part, points, word, form, text) { FAULT_##part, word, form, text, points }
#define POINT(sym, word, text) W(POINT, P(sym), word, word, text)

static const struct fault_word words[] = {
	POINT(MMIO_READ, "mmio-read", "a function reads its registers"),
	POINT(MMIO_WRITE, "mmio-write", "a function writes its registers"),
	POINT(MBOX_REQUEST, "mbox-request", "the GuC takes a request out of the mailbox"),
	POINT(MBOX_REPLY, "mbox-reply", "the GuC answers in the mailbox"),
	POINT(H2G, "h2g", "the GuC takes a message out of a function's ring"),
	POINT(G2H, "g2h", "the GuC sends a message into a function's ring"),
	POINT(IRQ, "irq", "an interrupt to a function"),
	POINT(MEM_READ, "mem-read", "the card reads a function's memory"),
	POINT(MEM_WRITE, "mem-write", "the card writes a function's memory"),
	POINT(STATE, "state", "a VF has another lifecycle state"),
	POINT(FLR, "flr", "a VF gets a PCI function level reset"),
	POINT(BLOB, "blob", "the GuC saves or restores a VF's state"),
	POINT(FINDING, "finding", "the detector found a missed fixup"),
	POINT(VIOLATION, "violation", "a function reached for what is not its own"),
	POINT(FENCE, "fence", "an engine stored a value for a context"),
	POINT(CONTEXT, "context", "something happened to a context"),
	POINT(TICK, "tick", "the card is told the time; vf= says whom WHAT is about"),
	POINT(PROVISION, "provision", "a VF is configured without a PF"),
	POINT(MISHAP, "mishap", "something was made to go wrong"),
	W(POINT, PTS_MSG, "message", "message", "mbox-request, mbox-reply, h2g and g2h"),

	W(WHERE, PTS_ALL, "pf", "pf", "of function 0"),
	W(WHERE, PTS_ALL, "vf", "vf=N, vf=N..M or vf=any", "of this VF, or of these"),
	W(WHERE, PTS_ALL, "gt", "gt=N", "on this GT of the card"),
	W(WHERE, PTS_ALL, "dir", "dir=in or dir=out", "towards the GuC, or from it"),
	W(WHERE, PTS_ALL, "via", "via=mmio, via=ctb or via=memirq",
	  "in registers, in message rings, or as an interrupt"),
	W(WHERE, PTS_MSG, "type", "type=KIND[|KIND]",
	  "request, fast, event, response, busy, retry or failure"),
	W(WHERE, PTS_MSG, "action", "action=NAME or action=CODE",
	  "this action; of a reply, the action that it answers"),
	W(WHERE, PTS_MSG, "key", "key=NAME or key=CODE",
	  "with this KLV; of a mailbox reply, what was asked for"),
	W(WHERE, PTS_ALL, "state", "state=NAME[|NAME]", "while the function is in this state"),
	W(WHERE, P(STATE), "enters", "enters=NAME[|NAME]", "the new state is this one"),
	W(WHERE, P(STATE), "leaves", "leaves=NAME[|NAME]", "the old state was this one"),
	W(WHERE, P(IRQ), "bit", "bit=guc2host, bit=sw-int-0 or bit=N",
	  "this bit of its source; sw-int-0 is MIGRATED, an engine's is 0"),
	W(WHERE, P(BLOB), "op", "op=save or op=restore", "this of the two"),
	W(WHERE, P(FENCE) | P(CONTEXT) | P(VIOLATION), "code", "code=N",
	  "the context's id; the number of the violation"),
	W(WHERE, PTS_MMIO | PTS_MEM, "range", "range=ADDRESS+BYTES",
	  "touches these bytes: BAR offsets, or addresses in the function's memory"),
	W(WHERE, PTS_MSG, "dw", "dwN=VALUE[/MASK]", "dword N of the message has this value"),
	W(WHERE, PTS_MSG | P(MEM_WRITE), "byte", "byteN=VALUE[/MASK]",
	  "byte N of the message, or of what is written, has this value"),
	W(WHERE, P(MMIO_WRITE) | P(FENCE) | PTS_CTB, "value", "value=VALUE[/MASK]",
	  "what is written or stored; of a message its fence"),

	W(WHEN, PTS_ALL, "nth", "nth=N", "only the Nth time"),
	W(WHEN, PTS_ALL, "every", "every=N", "every Nth time"),
	W(WHEN, PTS_ALL, "first", "first=N", "the first N times"),
	W(WHEN, PTS_ALL, "from", "from=N", "from the Nth time on"),
	W(WHEN, PTS_ALL, "until", "until=N or until=RULE",
	  "before the Nth time; until that rule has fired"),
	W(WHEN, PTS_ALL, "after", "after=RULE", "once that rule has fired"),
	W(WHEN, PTS_ALL, "p", "p=PERCENT%", "with this probability: 0.0001% to 99.9999%"),
	W(WHEN, PTS_ALL, "time", "time=FROM..TO", "at this time of the card: 10ms..2s; "
	  "either side may be left out"),
	W(WHEN, PTS_ALL, "if", "if=STATE", "while a rule's `set` holds"),
	W(WHEN, PTS_ALL, "unless", "unless=STATE", "while it doesn't"),
	W(WHEN, PTS_ALL, "file", "file=PATH", "while this file exists"),

	W(WHAT, PTS_ALL, "nothing", "nothing", "only what stands behind `then`"),
	W(WHAT, PTS_MSG | PTS_MMIO | PTS_MEM | P(IRQ) | P(FLR), "drop", "drop",
	  "it never happens: lost; what is read is 0"),
	W(WHAT, PTS_MSG | P(IRQ), "delay", "delay TIME", "it happens that much later"),
	W(WHAT, PTS_REQ | P(G2H) | P(IRQ) | P(MMIO_WRITE), "duplicate", "duplicate [N]",
	  "it happens once more, or N times"),
	W(WHAT, PTS_CTB, "reorder", "reorder [N] [TIME]",
	  "the next message, or N, overtake it; it waits 10 ms for them, or TIME"),
	W(WHAT, PTS_MSG | PTS_MMIO | PTS_MEM | P(BLOB), "set",
	  "set dwN=VALUE[/MASK], set byteN=... or set value=...",
	  "write chosen bits of the message, the bytes, or the register's value"),
	W(WHAT, PTS_MSG | PTS_MMIO | PTS_MEM | P(BLOB), "flip", "flip [N]",
	  "flip a random bit, or N (at most 8)"),
	W(WHAT, PTS_CTB | P(BLOB), "truncate", "truncate [N]", "a dword less, or N"),
	W(WHAT, PTS_CTB, "extend", "extend [N]", "a dword of noise more, or N"),
	W(WHAT, PTS_REQ, "busy", "busy TIME", "answer BUSY now, and take it that much later"),
	W(WHAT, PTS_REQ, "retry", "retry [REASON]", "don't take it, answer RETRY"),
	W(WHAT, PTS_MSG | P(BLOB), "failure", "failure ERROR [HINT]",
	  "answer FAILURE: of a request without taking it, of a reply instead"),
	W(WHAT, PTS_REQ, "answer", "answer DWORD[,DWORD]...",
	  "don't take it, answer this (4 dwords at most)"),
	W(WHAT, PTS_CTB, "fence", "fence [N]", "a fence that is 1 more, or N"),
	W(WHAT, PTS_MSG, "origin", "origin", "the other ORIGIN bit"),
	W(WHAT, PTS_MSG, "data0", "data0 VALUE", "another DATA0"),
	W(WHAT, PTS_REQ | P(G2H), "mbz", "mbz", "set a bit of DATA0 that must be zero"),
	W(WHAT, PTS_MSG, "klv-length", "klv-length N", "another length of the KLV"),
	W(WHAT, PTS_MEM, "fail", "fail", "as if the memory had a hole there"),
	W(WHAT, P(IRQ), "bit", "bit N", "another bit of its source"),
	W(WHAT, P(IRQ), "byte", "byte VALUE", "another memirq byte than 0xff"),
	W(WHAT, PTS_ALL, "interrupt", "interrupt BIT",
	  "invent one afterwards: guc2host, sw-int-0 or N"),
	W(WHAT, PTS_ALL, "clear-mailbox", "clear-mailbox", "its registers read 0 afterwards"),
	W(WHAT, PTS_ALL, "break", "break h2g|g2h head|tail|status [VALUE]",
	  "write a word of a CTB descriptor afterwards (0xffffffff)"),
	W(WHAT, PTS_ALL, "hang", "hang guc|gt|function",
	  "the GuC serves nobody; the GT's engines stand; a VF alone is not served"),
	W(WHAT, PTS_ALL, "reset", "reset guc|gt|function",
	  "VFs' contexts and rings are gone, hangs end; of a function: PCI FLR"),
	W(WHAT, PTS_ALL, "disconnect", "disconnect", "end the function's connection"),
	W(WHAT, PTS_ALL, "pause", "pause", "the GuC takes no more of the VF, the PF pauses it"),
	W(WHAT, PTS_ALL, "migrate", "migrate [TARGET]", "the same, and it is moved"),

	W(THEN, PTS_ALL, "disarm", "disarm", "the rule is over"),
	W(THEN, PTS_ALL, "log", "log", "say that it fired"),
	W(THEN, PTS_ALL, "set", "set STATE", "for if= and unless= of other rules"),
	W(THEN, PTS_ALL, "clear", "clear STATE", "the end of that"),
};

#define WORDS (sizeof(words) / sizeof(*words))

const struct fault_word *fault_word(unsigned index)
{
	return index < WORDS ? &words[index] : NULL;
}

const char *fault_part_name(enum fault_part part)
{
	switch (part) {
	case FAULT_POINT:
		return "point";
	case FAULT_WHERE:
		return "where";
	case FAULT_WHEN:
		return "when";
	case FAULT_WHAT:
		return "what";
	case FAULT_THEN:
		return "then";
	}
	return "?";
}

const struct fault_word *fault_word_of(enum fault_part part, const char *word, size_t len)
{
	for (size_t i = 0; i < WORDS; i++)
		if (words[i].part == part && strlen(words[i].word) == len &&
		    memcmp(words[i].word, word, len) == 0)
			return &words[i];
	return NULL;
}

const char *fault_out_name(enum fault_out_what what)
{
	switch (what) {
#define X(sym, word)                                                           \
	case FAULT_OUT_##sym:                                                  \
		return word;
		FAULT_OUT_LIST(X)
#undef X
	case FAULT_OUT_COUNT:
		break;
	}
	return "?";
}
