# The PF driver: pure, nothing but memory functions and the port. Tests link
# the convenience library, which shows its private parts.

noinst_LTLIBRARIES += libgucpfcore.la
libgucpfcore_la_SOURCES = \
	pfclient/content.c \
	pfclient/adopt.c \
	pfclient/control.c \
	pfclient/events.c \
	pfclient/image.h \
	pfclient/image_check.c \
	pfclient/image_ggtt.c \
	pfclient/image_priv.h \
	pfclient/image_read.c \
	pfclient/image_write.c \
	pfclient/linux_stream.c \
	pfclient/linux_stream.h \
	pfclient/lmem.c \
	pfclient/op.c \
	pfclient/pfc.c \
	pfclient/pfc_priv.h \
	pfclient/provision.c \
	pfclient/relay.c \
	pfclient/relay_service.c \
	pfclient/report.c \
	pfclient/restore.c \
	pfclient/runtime_regs.c \
	pfclient/save.c \
	pfclient/sequence.c \
	pfclient/setting.c \
	pfclient/share.c \
	pfclient/start.c \
	pfclient/transfer.c \
	pfclient/vfio.c \
	pfclient/vfio.h
libgucpfcore_la_LIBADD = libguchost.la libgucproto.la

lib_LTLIBRARIES += libgucpf.la
libgucpf_la_SOURCES = pfclient/pfc.h pfclient/vfio.h
libgucpf_la_LIBADD = libgucpfcore.la
libgucpf_la_LDFLAGS = $(AM_LDFLAGS) -version-info $(LIB_VERSION) -no-undefined \
	-export-symbols $(top_srcdir)/pfclient/libgucpf.sym
EXTRA_libgucpf_la_DEPENDENCIES = pfclient/libgucpf.sym
nobase_pkginclude_HEADERS += pfclient/pfc.h pfclient/vfio.h
pkgconfig_DATA += pfclient/libgucpf.pc
EXTRA_DIST += pfclient/libgucpf.sym
