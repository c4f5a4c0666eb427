/* SPDX-License-Identifier: MIT */
/* JSON as our programs write and read it: a few words on top of json-c, so
 * that a caller can fill an object without checking each step. When memory
 * runs out members are missing; nothing crashes. Replies of the control role,
 * `--json` outputs and the readers of both use it. */
#ifndef GUCEMU_VIEW_JSON_H
#define GUCEMU_VIEW_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json_object.h>

/* --- writing: json_object_new_object() first, json_object_put() at the end --- */

void json_add_str(struct json_object *o, const char *key, const char *value);
void json_add_fmt(struct json_object *o, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void json_add_u64(struct json_object *o, const char *key, uint64_t value);
void json_add_int(struct json_object *o, const char *key, int64_t value);
void json_add_bool(struct json_object *o, const char *key, bool value);
/* Give `value` to `o`. */
void json_add(struct json_object *o, const char *key, struct json_object *value);
/* A new object or array as a member; owned by `o`. */
struct json_object *json_add_object(struct json_object *o, const char *key);
struct json_object *json_add_array(struct json_object *o, const char *key);
/* Append to an array: a new object, or a string. */
struct json_object *json_push_object(struct json_object *array);
void json_push_str(struct json_object *array, const char *value);
/* The text on one line; valid until `o` changes. Never NULL. */
const char *json_line(struct json_object *o);

/* --- reading ------------------------------------------------------------------ */

/* Parse text[0..len), which must be one whole JSON value at most 16 deep. An
 * object to put, or NULL. */
struct json_object *json_read(const char *text, size_t len);
/* A member, or the default when `o` is no object, or lacks it, or has it in
 * another type. Strings live as long as `o`. */
const char *json_get_str(const struct json_object *o, const char *key, const char *otherwise);
uint64_t json_get_u64(const struct json_object *o, const char *key, uint64_t otherwise);
int64_t json_get_int(const struct json_object *o, const char *key, int64_t otherwise);
bool json_get_bool(const struct json_object *o, const char *key, bool otherwise);
struct json_object *json_get(const struct json_object *o, const char *key);
/* Length of an array member and its elements; 0 and NULL when there is none. */
size_t json_count(const struct json_object *array);
struct json_object *json_at(const struct json_object *array, size_t index);

#endif
