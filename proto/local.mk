# The language: codecs without I/O. Those of frames and traces are apart, since
# they alone need nanopb and the actors must not.

noinst_LTLIBRARIES += libgucproto.la libgucpb.la libgucframe.la libguctrace.la

proto_headers = \
	proto/actions.h proto/bell.h proto/bits.h proto/crc32c.h proto/ctb.h proto/errors.h \
	proto/fixup.h proto/hxg.h proto/klv.h proto/lrc.h proto/mi.h proto/platform.h proto/ppgtt.h proto/regs.h \
	proto/relay.h
nobase_pkginclude_HEADERS += $(proto_headers)

libgucproto_la_SOURCES = $(proto_headers) \
	proto/actions.c proto/crc32c.c proto/errors.c proto/fixup.c proto/klv.c proto/platform.c \
	proto/regs.c proto/text.c proto/text.h

# What the codecs of frames and traces share.
libgucpb_la_SOURCES = proto/pb_view.c proto/pb_view.h
libgucpb_la_CFLAGS = $(AM_CFLAGS) -Wno-conversion
libgucpb_la_LIBADD = $(NANOPB_LIBS)

# Generated from the schema; part of the tarball, rebuilt when the schema is newer.
frame_generated = proto/frame.pb.c proto/frame.pb.h
libgucframe_la_SOURCES = proto/frame.c proto/frame.h proto/frame_short.c proto/frame_short.h $(frame_generated)
libgucframe_la_CFLAGS = $(AM_CFLAGS) -Wno-conversion
libgucframe_la_LIBADD = libgucpb.la
trace_generated = proto/trace.pb.c proto/trace.pb.h
libguctrace_la_SOURCES = proto/trace.h proto/trace_decode.c proto/trace_encode.c \
	$(trace_generated)
libguctrace_la_CFLAGS = $(AM_CFLAGS) -Wno-conversion
libguctrace_la_LIBADD = libgucproto.la libgucpb.la
# The schemas are for programs in other languages, too.
schemadir = $(pkgdatadir)
dist_schema_DATA = proto/frame.proto proto/trace.proto
EXTRA_DIST += proto/frame.options proto/trace.options
BUILT_SOURCES += $(frame_generated) $(trace_generated)
MAINTAINERCLEANFILES += $(frame_generated) $(trace_generated)

proto/frame.pb.c: $(top_srcdir)/proto/frame.proto $(top_srcdir)/proto/frame.options
	$(AM_V_GEN)$(MKDIR_P) proto && $(NANOPB_GENERATOR) -q -I $(top_srcdir)/proto \
		-f $(top_srcdir)/proto/frame.options -D proto $(top_srcdir)/proto/frame.proto
proto/frame.pb.h: proto/frame.pb.c
	@test -f $@ || { rm -f proto/frame.pb.c && $(MAKE) $(AM_MAKEFLAGS) proto/frame.pb.c; }

proto/trace.pb.c: $(top_srcdir)/proto/trace.proto $(top_srcdir)/proto/trace.options
	$(AM_V_GEN)$(MKDIR_P) proto && $(NANOPB_GENERATOR) -q -I $(top_srcdir)/proto \
		-f $(top_srcdir)/proto/trace.options -D proto $(top_srcdir)/proto/trace.proto
proto/trace.pb.h: proto/trace.pb.c
	@test -f $@ || { rm -f proto/trace.pb.c && $(MAKE) $(AM_MAKEFLAGS) proto/trace.pb.c; }
