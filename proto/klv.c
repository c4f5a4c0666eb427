/* SPDX-License-Identifier: MIT */
/* KLV reader and writer. See klv.h. */
#include "klv.h"

#include <errno.h>

const char *guc_klv_name(uint32_t key)
{
	switch (key) {
#define X(name, value, min, max)                                               \
	case value:                                                            \
		return #name;
		GUC_KLV_LIST(X)
#undef X
	}
	return NULL;
}

uint32_t guc_threshold_key(enum guc_threshold t)
{
	switch (t) {
#define X(name, text)                                                          \
	case GUC_THRESHOLD_##name:                                             \
		return GUC_KLV_VF_THRESHOLD_##name;
		GUC_THRESHOLD_LIST(X)
#undef X
	case GUC_THRESHOLD_COUNT:
		break;
	}
	return 0;
}

const char *guc_threshold_name(enum guc_threshold t)
{
	switch (t) {
#define X(name, text)                                                          \
	case GUC_THRESHOLD_##name:                                             \
		return text;
		GUC_THRESHOLD_LIST(X)
#undef X
	case GUC_THRESHOLD_COUNT:
		break;
	}
	return "?";
}

int guc_threshold_find(uint32_t key)
{
	for (int t = 0; t < GUC_THRESHOLD_COUNT; t++)
		if (guc_threshold_key((enum guc_threshold)t) == key)
			return t;
	return -1;
}

int klv_next(struct klv_reader *r, struct klv *out)
{
	uint32_t header, len;

	if (r->at >= r->len)
		return 0;
	header = r->dw[r->at];
	len = field_get(KLV_LEN, header);
	if (len > r->len - r->at - 1)
		return -ENODATA;
	out->key = (uint16_t)field_get(KLV_KEY, header);
	out->len = (uint16_t)len;
	out->value = r->dw + r->at + 1;
	r->at += 1 + len;
	return 1;
}

uint64_t klv_u64(const struct klv *k)
{
	if (k->len == 0)
		return 0;
	return make64(k->value[0], k->len > 1 ? k->value[1] : 0);
}

int klv_put(uint32_t *list, size_t cap, size_t *at, uint32_t key, const uint32_t *value,
	    uint32_t len)
{
	if (*at > cap || cap - *at < 1 + (size_t)len)
		return -ENOSPC;
	list[(*at)++] = klv_header(key, len);
	if (len)
		memcpy(list + *at, value, len * sizeof(*list));
	*at += len;
	return 0;
}

int klv_put32(uint32_t *list, size_t cap, size_t *at, uint32_t key, uint32_t value)
{
	return klv_put(list, cap, at, key, &value, 1);
}

int klv_put64(uint32_t *list, size_t cap, size_t *at, uint32_t key, uint64_t value)
{
	const uint32_t dw[2] = { lo32(value), hi32(value) };

	return klv_put(list, cap, at, key, dw, 2);
}
