/* SPDX-License-Identifier: MIT */
/* JSON helpers over json-c; see json.h. */
#include "view/json.h"

#include <stdarg.h>
#include <stdio.h>

#include <json-c/json_tokener.h>
#include <json-c/linkhash.h>

#define JSON_DEPTH 16

void json_add(struct json_object *o, const char *key, struct json_object *value)
{
	if (!o || !value || json_object_object_add(o, key, value) != 0)
		json_object_put(value);
}

void json_add_str(struct json_object *o, const char *key, const char *value)
{
	json_add(o, key, json_object_new_string(value ? value : ""));
}

void json_add_fmt(struct json_object *o, const char *key, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_add_str(o, key, text);
}

void json_add_u64(struct json_object *o, const char *key, uint64_t value)
{
	json_add(o, key, json_object_new_uint64(value));
}

void json_add_int(struct json_object *o, const char *key, int64_t value)
{
	json_add(o, key, json_object_new_int64(value));
}

void json_add_bool(struct json_object *o, const char *key, bool value)
{
	json_add(o, key, json_object_new_boolean(value));
}

struct json_object *json_add_object(struct json_object *o, const char *key)
{
	json_add(o, key, json_object_new_object());
	return json_get(o, key);
}

struct json_object *json_add_array(struct json_object *o, const char *key)
{
	json_add(o, key, json_object_new_array());
	return json_get(o, key);
}

static bool push(struct json_object *array, struct json_object *value)
{
	if (array && value && json_object_array_add(array, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

struct json_object *json_push_object(struct json_object *array)
{
	struct json_object *o = json_object_new_object();

	return push(array, o) ? o : NULL;
}

void json_push_str(struct json_object *array, const char *value)
{
	push(array, json_object_new_string(value ? value : ""));
}

const char *json_line(struct json_object *o)
{
	const char *text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
								     JSON_C_TO_STRING_NOSLASHESCAPE);

	return text ? text : "{}";
}

struct json_object *json_read(const char *text, size_t len)
{
	struct json_tokener *tok = json_tokener_new_ex(JSON_DEPTH);
	struct json_object *o = NULL;

	if (!tok || len > INT32_MAX) {
		if (tok)
			json_tokener_free(tok);
		return NULL;
	}
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(tok, text, (int)len);
	if (json_tokener_get_error(tok) != json_tokener_success) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(tok);
	return o;
}

struct json_object *json_get(const struct json_object *o, const char *key)
{
	struct json_object *value = NULL;

	if (json_object_is_type(o, json_type_object))
		json_object_object_get_ex(o, key, &value);
	return value;
}

const char *json_get_str(const struct json_object *o, const char *key, const char *otherwise)
{
	struct json_object *v = json_get(o, key);

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : otherwise;
}

uint64_t json_get_u64(const struct json_object *o, const char *key, uint64_t otherwise)
{
	struct json_object *v = json_get(o, key);

	return json_object_is_type(v, json_type_int) ? json_object_get_uint64(v) : otherwise;
}

int64_t json_get_int(const struct json_object *o, const char *key, int64_t otherwise)
{
	struct json_object *v = json_get(o, key);

	return json_object_is_type(v, json_type_int) ? json_object_get_int64(v) : otherwise;
}

bool json_get_bool(const struct json_object *o, const char *key, bool otherwise)
{
	struct json_object *v = json_get(o, key);

	return json_object_is_type(v, json_type_boolean) ? json_object_get_boolean(v) : otherwise;
}

size_t json_count(const struct json_object *array)
{
	return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

struct json_object *json_at(const struct json_object *array, size_t index)
{
	return index < json_count(array) ? json_object_array_get_idx(array, index) : NULL;
}
