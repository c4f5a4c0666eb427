# The engines: pure. GuC and they call one another, so that every program has them
# with libgucguc.

noinst_LTLIBRARIES += libgucengine.la
libgucengine_la_SOURCES = \
	emulator/engine/blitter.c \
	emulator/engine/command.c \
	emulator/engine/engine.h \
	emulator/engine/lrc.c \
	emulator/engine/streamer.c \
	emulator/engine/streamer.h
