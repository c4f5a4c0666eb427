#!/bin/sh
# SPDX-License-Identifier: MIT
# The Lua part of the scenarios' words as a C header: embed.sh FILE...
printf '/* Made by scenario/embed.sh. */\n'
printf 'static const struct {\n\tconst char *name, *text;\n\tsize_t len;\n} prelude[] = {\n'
for file in "$@"; do
	printf '{ "%s", ' "$(basename "$file" .lua)"
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/	/\\t/g' -e 's/^/"/' -e 's/$/\\n"/' "$file"
	printf ', %s },\n' "$(wc -c <"$file" | tr -d ' ')"
done
printf '{ NULL, NULL, 0 }\n};\n'
