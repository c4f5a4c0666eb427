# The GuC: pure. Tests link the convenience library, which shows its private
# parts; the installed one shows what libgucemu.sym lists.

noinst_LTLIBRARIES += libgucguc.la
libgucguc_la_SOURCES = \
	emulator/guc/actions.c \
	emulator/guc/actions.h \
	emulator/guc/activity.c \
	emulator/guc/adverse.c \
	emulator/guc/blob.c \
	emulator/guc/blob.h \
	emulator/guc/blob_check.c \
	emulator/guc/blob_op.c \
	emulator/guc/block.h \
	emulator/guc/card.c \
	emulator/guc/context.c \
	emulator/guc/deed.c \
	emulator/guc/core.h \
	emulator/guc/ctb.c \
	emulator/guc/detector.c \
	emulator/guc/detector.h \
	emulator/guc/detector_scan.c \
	emulator/guc/engine.c \
	emulator/guc/engines.c \
	emulator/guc/event.c \
	emulator/guc/event.h \
	emulator/guc/exec.h \
	emulator/guc/fuses.c \
	emulator/guc/g2h.c \
	emulator/guc/ggtt.c \
	emulator/guc/group.c \
	emulator/guc/guc.h \
	emulator/guc/hwconfig.c \
	emulator/guc/info.c \
	emulator/guc/interfere.c \
	emulator/guc/intr.c \
	emulator/guc/intr.h \
	emulator/guc/klvs.c \
	emulator/guc/klvs.h \
	emulator/guc/lifecycle.c \
	emulator/guc/lifecycle_row.h \
	emulator/guc/lifecycle_table.c \
	emulator/guc/lifecycle.h \
	emulator/guc/limits.h \
	emulator/guc/lmem.c \
	emulator/guc/mailbox.c \
	emulator/guc/memirq.c \
	emulator/guc/mishap.c \
	emulator/guc/mmio.c \
	emulator/guc/native.c \
	emulator/guc/notices.c \
	emulator/guc/policy.c \
	emulator/guc/port.h \
	emulator/guc/queue.c \
	emulator/guc/relay.c \
	emulator/guc/sched.h \
	emulator/guc/selfcfg.c \
	emulator/guc/tlb.c \
	emulator/guc/vf_config.c \
	emulator/guc/vf_control.c \
	emulator/guc/workqueue.c \
	emulator/guc/world.c
libgucguc_la_LIBADD = libgucengine.la libgucproto.la

lib_LTLIBRARIES += libgucemu.la
guc_headers = \
	emulator/guc/event.h \
	emulator/guc/guc.h \
	emulator/guc/lifecycle.h \
	emulator/guc/limits.h \
	emulator/guc/port.h
libgucemu_la_SOURCES = $(guc_headers)
libgucemu_la_LIBADD = libgucfault.la libgucguc.la
libgucemu_la_LDFLAGS = $(AM_LDFLAGS) -version-info $(LIB_VERSION) -no-undefined \
	-export-symbols $(top_srcdir)/emulator/guc/libgucemu.sym
EXTRA_libgucemu_la_DEPENDENCIES = emulator/guc/libgucemu.sym
nobase_pkginclude_HEADERS += $(guc_headers)
pkgconfig_DATA += emulator/guc/libgucemu.pc
EXTRA_DIST += emulator/guc/libgucemu.sym
