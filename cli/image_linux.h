/* SPDX-License-Identifier: MIT */
/* Images to and from the stream in which Linux' xe driver saves a VF. Both ways
 * keep no more in memory than a VF's state; content of LMEM passes through. */
#ifndef GUCEMU_CLI_IMAGE_LINUX_H
#define GUCEMU_CLI_IMAGE_LINUX_H

#include "cli/image_file.h"
#include "pfclient/image.h"
#include "pfclient/linux_stream.h"

#define IMAGE_NOTES 8u

/* What an image has and Linux' stream does not, or the reverse. */
struct image_notes {
	unsigned n;
	char text[IMAGE_NOTES][160];
};

void image_note(struct image_notes *notes, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* From an image at `from` to the stream `to` (to be committed by the caller).
 * 0 or -errno with err[0..cap): path, offset, reason. */
int image_to_linux(const char *from, struct image_out *to, struct image_notes *notes, char *err,
		   size_t cap);

/* Is this open file such a stream? Its position is kept. */
bool image_is_linux(int fd);

/* The reverse. What the stream does not say (see enum linux_known) is taken from
 * *defaults; all else in it is ignored. -ENOKEY: something is missing there, where 0
 * graphics, contexts and UINT32_MAX doorbells mean "not given". `fd` is a file: it is
 * read twice. */
int image_from_linux(int fd, const char *from, const struct pfc_image_profile *defaults,
		     struct image_out *to, struct image_notes *notes, char *err, size_t cap);

#endif
