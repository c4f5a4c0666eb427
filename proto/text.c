/* SPDX-License-Identifier: MIT */
/* The small formatter and the errno names. See text.h. */
#include "text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct out {
	char *buf;
	size_t cap, len;
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->cap)
		o->buf[o->len] = c;
	o->len++;
}

static void put_number(struct out *o, uint64_t v, unsigned base, bool negative, unsigned width,
		       char pad)
{
	char digits[20];
	unsigned n = 0, used;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	used = n + negative;
	if (negative && pad == '0')
		put(o, '-');
	for (; used < width; used++)
		put(o, pad);
	if (negative && pad != '0')
		put(o, '-');
	while (n)
		put(o, digits[--n]);
}

size_t text_vfmt(char *buf, size_t cap, const char *fmt, va_list ap)
{
	struct out o = { buf, cap, 0 };

	for (; *fmt; fmt++) {
		unsigned width = 0;
		char pad = ' ';
		bool is_long = false;

		if (*fmt != '%') {
			put(&o, *fmt);
			continue;
		}
		fmt++;
		if (*fmt == '0')
			pad = '0';
		for (; *fmt >= '0' && *fmt <= '9'; fmt++)
			width = width * 10 + (unsigned)(*fmt - '0');
		for (; *fmt == 'l'; fmt++)
			is_long = true;
		if (*fmt == 's') {
			const char *s = va_arg(ap, const char *);
			size_t n = strlen(s);

			for (; n < width; n++)
				put(&o, ' ');
			while (*s)
				put(&o, *s++);
		} else if (*fmt == 'c') {
			put(&o, (char)va_arg(ap, int));
		} else if (*fmt == 'd') {
			int64_t v = is_long ? va_arg(ap, int64_t) : va_arg(ap, int);

			put_number(&o, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 10, v < 0, width,
				   pad);
		} else if (*fmt == 'u' || *fmt == 'x') {
			uint64_t v = is_long ? va_arg(ap, uint64_t) : va_arg(ap, unsigned);

			put_number(&o, v, *fmt == 'u' ? 10 : 16, false, width, pad);
		} else if (*fmt) {
			put(&o, *fmt);
		} else {
			break;
		}
	}
	if (cap)
		buf[o.len < cap ? o.len : cap - 1] = '\0';
	return o.len;
}

size_t text_fmt(char *buf, size_t cap, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = text_vfmt(buf, cap, fmt, ap);
	va_end(ap);
	return n;
}

void text_copy_plain(char *to, size_t cap, const char *text, size_t len)
{
	size_t n = len < cap ? len : cap - 1;

	for (size_t i = 0; i < n; i++)
		to[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	to[n] = '\0';
}

const char *text_errno(int err)
{
	switch (err < 0 ? 0u - (unsigned)err : (unsigned)err) {
#define E(name)                                                                \
	case name:                                                             \
		return "-" #name;
		E(EPERM) E(ENOENT) E(EINTR) E(EIO) E(ENXIO) E(EAGAIN) E(ENOMEM)
		E(EACCES) E(EFAULT) E(EBUSY) E(EEXIST) E(ENODEV) E(EINVAL)
		E(ENOSPC) E(ESPIPE) E(EPIPE) E(ERANGE) E(EDEADLK) E(ELOOP)
		E(ENOMSG) E(EBADRQC) E(ENODATA) E(ETIME) E(ENOPKG) E(ENOLINK)
		E(EPROTO) E(EBADMSG) E(EOVERFLOW) E(EREMCHG) E(EMSGSIZE)
		E(EOPNOTSUPP) E(EPFNOSUPPORT) E(EADDRINUSE) E(ECONNRESET)
		E(ENOBUFS) E(ENOTCONN) E(ETIMEDOUT) E(ECONNREFUSED) E(EALREADY)
		E(ESTALE) E(EUCLEAN) E(EREMOTEIO) E(ECANCELED) E(ENOKEY)
		E(EKEYREJECTED) E(ENOTRECOVERABLE) E(EHWPOISON) E(ESHUTDOWN)
		E(ENOSYS) E(ENOTDIR) E(EISDIR) E(EMFILE) E(ENFILE) E(EFBIG)
		E(EROFS) E(ENAMETOOLONG) E(ENOTSOCK) E(EHOSTDOWN)
#undef E
	}
	return "-EUNKNOWN";
}
