# The engines: pure. GuC and they call one another, so that every program has them
# with libgucguc.

noinst_LTLIBRARIES += libgucengine.la
libgucengine_la_SOURCES = \
	emulator/engine/blitter.c \
	emulator/engine/command.c \
	emulator/engine/control.c \
	emulator/engine/engine.h \
	emulator/engine/lrc.c \
	emulator/engine/math.c \
	emulator/engine/memory.c \
	emulator/engine/registers.c \
	emulator/engine/space.c \
	emulator/engine/space.h \
	emulator/engine/streamer.c \
	emulator/engine/streamer.h \
	emulator/engine/tlb.c \
	emulator/engine/walk.c
