/* SPDX-License-Identifier: MIT */
/* JSON as text for people; see json_text.h. */
#include "cli/json_text.h"

#include <inttypes.h>
#include <json-c/linkhash.h>
#include <stdio.h>
#include <string.h>

/* Addresses and sizes read better in hexadecimal. */
static bool is_address(const char *key)
{
	return strstr(key, "ggtt") || strstr(key, "addr") || strstr(key, "start") ||
	       strstr(key, "offset");
}

static bool is_nested(const struct json_object *o)
{
	return json_object_is_type(o, json_type_object) || json_count(o) > 0;
}

static void print_value(const char *key, struct json_object *value)
{
	if (json_object_is_type(value, json_type_int) && is_address(key))
		printf("%s 0x%" PRIx64, key, json_object_get_uint64(value));
	else if (json_object_is_type(value, json_type_array))
		printf("%s none", key);
	else
		printf("%s %s", key, json_object_get_string(value));
}

void json_text(struct json_object *o, int indent)
{
	bool first = true;

	json_object_object_foreach(o, key, value) {
		if (is_nested(value))
			continue;
		printf("%s", first ? "" : ", ");
		print_value(key, value);
		first = false;
	}
	printf("\n");
	json_object_object_foreach(o, name, nested) {
		if (!is_nested(nested))
			continue;
		if (json_object_is_type(nested, json_type_object)) {
			printf("%*s%s: ", indent, "", name);
			json_text(nested, indent + 2);
			continue;
		}
		for (size_t i = 0; i < json_count(nested); i++) {
			struct json_object *item = json_at(nested, i);

			printf("%*s%s: ", indent, "", name);
			if (json_object_is_type(item, json_type_object))
				json_text(item, indent + 2);
			else
				printf("%s\n", json_object_get_string(item));
		}
	}
}
