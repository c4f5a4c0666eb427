/* SPDX-License-Identifier: MIT */
/* A JSON object as indented text for people: the plain members of an object on
 * its line, the nested ones below it. What is added to an object is shown
 * without a word here. */
#ifndef GUCEMU_CLI_JSON_TEXT_H
#define GUCEMU_CLI_JSON_TEXT_H

#include "view/json.h"

/* Print to stdout; nested members start `indent` blanks in. */
void json_text(struct json_object *o, int indent);

#endif
