# The program: commands, and the demo that drives them all.

bin_PROGRAMS += gucemu
gucemu_SOURCES = \
	cli/child.c \
	cli/child.h \
	cli/commands.h \
	cli/control.c \
	cli/control.h \
	cli/demo.c \
	cli/demo.h \
	cli/demo_cards.c \
	cli/demo_move.c \
	cli/demo_report.c \
	cli/demo_vf.c \
	cli/gucemu.c \
	cli/image_file.c \
	cli/image_file.h \
	cli/migrate.c \
	cli/migrate.h \
	cli/options.c \
	cli/options.h \
	cli/pf.c \
	cli/pf_migrate.c \
	cli/pf_migrate.h \
	cli/state.c
gucemu_CPPFLAGS = $(AM_CPPFLAGS) $(UV_CFLAGS) $(JSON_CFLAGS) -D_GNU_SOURCE \
	-DGUCEMU_VERSION='"$(PACKAGE_VERSION)"'
gucemu_LDADD = libgucserver.la libgucvfrun.la libgucvftransport.la libgucvfcore.la \
	libgucpfcore.la libgucview.la libgucguc.la libgucwire.la libgucframe.la \
	libguchost.la libgucproto.la \
	$(UV_LIBS) $(JSON_LIBS)
