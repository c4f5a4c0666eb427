/* SPDX-License-Identifier: MIT */
/* Runs of register accesses; see trace.h. A PF writes and reads GGTT entries by
 * the hundred thousand, one behind the other: as runs they are a fifth of the
 * bytes and of the work. */
#include "view/trace.h"

#include <string.h>

#include "proto/bits.h"

static bool is_mmio(gucemu_TraceKind kind)
{
	return kind == gucemu_TRACE_MMIO_READ || kind == gucemu_TRACE_MMIO_WRITE;
}

static bool continues(const struct trace_run *run, const struct guc_event *e)
{
	const struct guc_event *f = &run->first;

	return e->point == f->point && e->addr == f->addr + (uint64_t)run->n * f->size &&
	       e->size == f->size && e->fn == f->fn && e->gt == f->gt && e->time == f->time &&
	       e->seq == f->seq + run->n && run->n < TRACE_RUN_MAX;
}

bool trace_run_add(struct trace_run *run, const struct guc_event *e)
{
	if ((e->point != GUC_PT_MMIO_READ && e->point != GUC_PT_MMIO_WRITE) ||
	    e->verdict != GUC_PASS || (run->n > 0 && !continues(run, e)))
		return false;
	if (run->n == 0)
		run->first = *e;
	if (e->size == 8)
		le64_put(run->bytes + 8 * run->n, e->value);
	else
		le32_put(run->bytes + 4 * run->n, (uint32_t)e->value);
	run->n++;
	return true;
}

bool trace_run_take(struct trace_run *run, struct trace_record *r)
{
	struct trace_scratch scratch;

	if (run->n == 0)
		return false;
	trace_from_event(r, &run->first, &scratch);
	r->data = run->bytes;
	if (run->n > 1) {
		r->value = 0;
		r->data_len = (size_t)run->n * run->first.size;
		r->len = (uint32_t)r->data_len;
	}
	run->n = 0;
	return true;
}

size_t trace_run_length(const struct trace_record *r)
{
	if (!is_mmio(r->kind) || (r->data_len == 0 && r->len == 0))
		return 1;
	if ((r->size != 4 && r->size != 8) || r->data_len % r->size != 0 || r->len != r->data_len ||
	    r->data_len / r->size < 2)
		return 0;
	return r->data_len / r->size;
}

void trace_run_single(const struct trace_record *r, size_t i, struct trace_record *single)
{
	*single = *r;
	if (trace_run_length(r) < 2)
		return;
	single->seq += i;
	single->addr += i * r->size;
	single->value = r->size == 8 ? le64_get(r->data + 8 * i) : le32_get(r->data + 4 * i);
	single->data_len = single->len = 0;
}
