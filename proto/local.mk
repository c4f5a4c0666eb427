# The language: codecs without I/O. The frame codec is apart, since it alone
# needs nanopb and the actors must not.

noinst_LTLIBRARIES += libgucproto.la libgucframe.la

proto_headers = \
	proto/actions.h proto/bits.h proto/crc32c.h proto/ctb.h proto/errors.h \
	proto/fixup.h proto/hxg.h proto/klv.h proto/lrc.h proto/mi.h proto/regs.h \
	proto/relay.h
nobase_pkginclude_HEADERS += $(proto_headers)

libgucproto_la_SOURCES = $(proto_headers) \
	proto/actions.c proto/crc32c.c proto/errors.c proto/fixup.c proto/klv.c \
	proto/text.c proto/text.h

# Generated from the schema; part of the tarball, rebuilt when the schema is newer.
frame_generated = proto/frame.pb.c proto/frame.pb.h
libgucframe_la_SOURCES = proto/frame.c proto/frame.h $(frame_generated)
libgucframe_la_CFLAGS = $(AM_CFLAGS) -Wno-conversion
libgucframe_la_LIBADD = $(NANOPB_LIBS)
# The schema is for drivers in other languages, too.
schemadir = $(pkgdatadir)
dist_schema_DATA = proto/frame.proto
EXTRA_DIST += proto/frame.options
BUILT_SOURCES += $(frame_generated)
MAINTAINERCLEANFILES += $(frame_generated)

proto/frame.pb.c: $(top_srcdir)/proto/frame.proto $(top_srcdir)/proto/frame.options
	$(AM_V_GEN)$(MKDIR_P) proto && $(NANOPB_GENERATOR) -q -I $(top_srcdir)/proto \
		-f $(top_srcdir)/proto/frame.options -D proto $(top_srcdir)/proto/frame.proto
proto/frame.pb.h: proto/frame.pb.c
	@test -f $@ || { rm -f proto/frame.pb.c && $(MAKE) $(AM_MAKEFLAGS) proto/frame.pb.c; }
