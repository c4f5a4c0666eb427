# The daemon around the GuC: a card on a Unix socket.

noinst_LTLIBRARIES += libgucserver.la
libgucserver_la_SOURCES = \
	emulator/adopt.c \
	emulator/card.c \
	emulator/client.c \
	emulator/control.c \
	emulator/events.c \
	emulator/freeze.c \
	emulator/function.c \
	emulator/handover.c \
	emulator/log.c \
	emulator/memory.c \
	emulator/memory.h \
	emulator/pf.c \
	emulator/pf.h \
	emulator/pf_builtin.c \
	emulator/pf_proxy.c \
	emulator/pf_remote.c \
	emulator/plain_ctb.c \
	emulator/serve.c \
	emulator/serve.h \
	emulator/serve_options.c \
	emulator/serve_options.h \
	emulator/server.h \
	emulator/state.c \
	emulator/verb.c \
	emulator/verb.h
libgucserver_la_CPPFLAGS = $(AM_CPPFLAGS) $(UV_CFLAGS) $(JSON_CFLAGS)
libgucserver_la_LIBADD = libgucwire.la libgucview.la
