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
