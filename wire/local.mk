# What both ends of the socket share: connected sockets on a libuv loop.

noinst_LTLIBRARIES += libgucwire.la
libgucwire_la_SOURCES = \
	wire/call.c \
	wire/connect.c \
	wire/fdq.c \
	wire/fdq.h \
	wire/listen.c \
	wire/listen.h \
	wire/memfd.c \
	wire/memfd.h \
	wire/send.c \
	wire/stream.c \
	wire/stream.h \
	wire/stream_priv.h
libgucwire_la_CPPFLAGS = $(AM_CPPFLAGS) $(UV_CFLAGS)
libgucwire_la_LIBADD = libgucframe.la $(UV_LIBS)

if HAVE_CHECK

wire_tests = tests/unit/test_frame tests/unit/test_frame_short tests/unit/test_wire
check_PROGRAMS += $(wire_tests)
TESTS += $(wire_tests)

tests_unit_test_frame_SOURCES = tests/unit/test_frame.c tests/unit/frame_fields.h
tests_unit_test_frame_short_SOURCES = tests/unit/test_frame_short.c tests/unit/frame_fields.h
tests_unit_test_frame_CFLAGS = $(unit_cflags)
tests_unit_test_frame_LDADD = $(wire_ldadd)
tests_unit_test_frame_short_CFLAGS = $(unit_cflags)
tests_unit_test_frame_short_LDADD = $(wire_ldadd)
tests_unit_test_wire_CPPFLAGS = $(AM_CPPFLAGS) $(UV_CFLAGS)
tests_unit_test_wire_CFLAGS = $(unit_cflags)
tests_unit_test_wire_LDADD = $(wire_ldadd)

endif HAVE_CHECK
