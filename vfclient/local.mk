noinst_LTLIBRARIES += libgucvfcore.la
libgucvfcore_la_SOURCES = \
	vfclient/boot.c \
	vfclient/boot.h \
	vfclient/config.c \
	vfclient/fault.c \
	vfclient/fixup.c \
	vfclient/group.c \
	vfclient/info.c \
	vfclient/irq.c \
	vfclient/irq_registers.c \
	vfclient/job.c \
	vfclient/keep.c \
	vfclient/lrc.c \
	vfclient/names.c \
	vfclient/op.c \
	vfclient/parallel.c \
	vfclient/pm.c \
	vfclient/queue.c \
	vfclient/recovery.c \
	vfclient/recovery_seed.c \
	vfclient/relay.c \
	vfclient/replay.c \
	vfclient/runtime.c \
	vfclient/testloop.c \
	vfclient/tlb.c \
	vfclient/vfc.c \
	vfclient/vfc.h \
	vfclient/vfc_priv.h

# libgucvf: the driver above, and the libuv transport. Installed.
noinst_LTLIBRARIES += libgucvftransport.la
lib_LTLIBRARIES += libgucvf.la
pkgconfig_DATA += vfclient/libgucvf.pc
nobase_pkginclude_HEADERS += \
	host/lmem.h \
	host/mailbox.h \
	host/port.h \
	vfclient/vfc.h \
	vfclient/vft.h \
	vfclient/vft_link.h \
	vfclient/vft_mailbox.h

libgucvftransport_la_SOURCES = \
	vfclient/vft.c \
	vfclient/vft.h \
	vfclient/vft_alarm.c \
	vfclient/vft_alarm.h \
	vfclient/vft_link.c \
	vfclient/vft_link.h \
	vfclient/vft_link_mmio.c \
	vfclient/vft_link_priv.h \
	vfclient/vft_mailbox.c \
	vfclient/vft_mailbox.h \
	vfclient/vft_priv.h \
	vfclient/vft_sync.c
libgucvftransport_la_CPPFLAGS = $(AM_CPPFLAGS) $(UV_CFLAGS) -D_GNU_SOURCE

libgucvf_la_SOURCES =
libgucvf_la_LIBADD = libgucvftransport.la libgucvfcore.la libguchost.la libgucproto.la \
	libgucwire.la $(UV_LIBS)
libgucvf_la_LDFLAGS = $(AM_LDFLAGS) -version-info $(LIB_VERSION) -no-undefined \
	-export-symbols $(top_srcdir)/vfclient/libgucvf.sym
libgucvf_la_DEPENDENCIES = libgucvftransport.la libgucvfcore.la libguchost.la libgucproto.la libgucwire.la \
	vfclient/libgucvf.sym
EXTRA_DIST += vfclient/libgucvf.sym

# "gucemu vf": the program links it beside libgucvf, libgucview and libgucproto.
noinst_LTLIBRARIES += libgucvfrun.la
libgucvfrun_la_SOURCES = \
	vfclient/run.c \
	vfclient/run.h \
	vfclient/run_command.c \
	vfclient/run_info.c \
	vfclient/run_keep.c \
	vfclient/run_out.c \
	vfclient/run_priv.h \
	vfclient/run_work.c
libgucvfrun_la_CPPFLAGS = $(AM_CPPFLAGS) $(UV_CFLAGS) $(JSON_CFLAGS) -D_GNU_SOURCE

# A user's own VF; built with the installed headers' names and run by the tests.
check_PROGRAMS += vfclient/examples/vf-socket
vfclient_examples_vf_socket_CPPFLAGS = $(AM_CPPFLAGS) $(UV_CFLAGS)
vfclient_examples_vf_socket_LDADD = libgucvf.la $(UV_LIBS)

if HAVE_CHECK

vfc_tests = tests/unit/test_vfc_hooks tests/unit/test_vfc_hostile tests/unit/test_vfc_quirks
check_PROGRAMS += $(vfc_tests)
TESTS += $(vfc_tests)
tests_unit_test_vfc_hooks_SOURCES = tests/unit/test_vfc_hooks.c $(vfc_fixture)
tests_unit_test_vfc_hooks_CFLAGS = $(unit_cflags)
tests_unit_test_vfc_hooks_LDADD = $(vfc_ldadd)
tests_unit_test_vfc_hostile_SOURCES = tests/unit/test_vfc_hostile.c $(vfc_fixture)
tests_unit_test_vfc_hostile_CFLAGS = $(unit_cflags)
tests_unit_test_vfc_hostile_LDADD = $(vfc_ldadd)
tests_unit_test_vfc_quirks_SOURCES = tests/unit/test_vfc_quirks.c $(vfc_fixture)
tests_unit_test_vfc_quirks_CFLAGS = $(unit_cflags)
tests_unit_test_vfc_quirks_LDADD = $(vfc_ldadd)

vf_process_tests = tests/process/test_vf_client tests/process/test_vf_migrate
check_PROGRAMS += $(vf_process_tests)
TESTS += $(vf_process_tests)
vf_fixture = tests/process/vf_fixture.c tests/process/vf_fixture.h \
	tests/process/control_fixture.c tests/process/control_fixture.h \
	tests/process/server_fixture.c tests/process/server_fixture.h
vf_process_cppflags = $(AM_CPPFLAGS) $(UV_CFLAGS) -D_GNU_SOURCE
vf_process_ldadd = libgucvf.la libgucwire.la libgucframe.la libgucproto.la $(UV_LIBS) \
	$(CHECK_LIBS)
tests_process_test_vf_client_SOURCES = tests/process/test_vf_client.c $(vf_fixture)
tests_process_test_vf_client_CPPFLAGS = $(vf_process_cppflags)
tests_process_test_vf_client_CFLAGS = $(unit_cflags)
tests_process_test_vf_client_LDADD = $(vf_process_ldadd)
tests_process_test_vf_migrate_SOURCES = tests/process/test_vf_migrate.c $(vf_fixture)
tests_process_test_vf_migrate_CPPFLAGS = $(vf_process_cppflags)
tests_process_test_vf_migrate_CFLAGS = $(unit_cflags)
tests_process_test_vf_migrate_LDADD = $(vf_process_ldadd)

endif HAVE_CHECK
