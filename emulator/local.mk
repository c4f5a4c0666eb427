# The daemon around the GuC: a card on a Unix socket.

# A card's own memory, for the server's and the simulated world's.
noinst_LTLIBRARIES += libguclocal.la
libguclocal_la_SOURCES = emulator/kept.c emulator/kept.h emulator/local.c emulator/local.h \
	emulator/local_copy.c emulator/local_copy.h

noinst_LTLIBRARIES += libgucserver.la
libgucserver_la_SOURCES = \
	emulator/adopt.c \
	emulator/bell.c \
	emulator/card.c \
	emulator/client.c \
	emulator/clock.c \
	emulator/clock.h \
	emulator/control.c \
	emulator/events.c \
	emulator/fault_text.c \
	emulator/fault_text.h \
	emulator/faults.c \
	emulator/freeze.c \
	emulator/function.c \
	emulator/handover.c \
	emulator/hold.c \
	emulator/log.c \
	emulator/log.h \
	emulator/lmem.c \
	emulator/memory.c \
	emulator/mishap.c \
	emulator/memory.h \
	emulator/pf.c \
	emulator/pf_event.c \
	emulator/pf_image.c \
	emulator/pf_priv.h \
	emulator/pf_pieces.c \
	emulator/pf_pieces.h \
	emulator/pf_ask.c \
	emulator/pf_ask.h \
	emulator/pf_setting.c \
	emulator/pf_setting.h \
	emulator/pf.h \
	emulator/pf_builtin.c \
	emulator/pf_proxy.c \
	emulator/pf_link.c \
	emulator/pf_link.h \
	emulator/pf_remote.c \
	emulator/pf_runtime.c \
	emulator/pf_runtime.h \
	emulator/plain_ctb.c \
	emulator/plain_irq.c \
	emulator/record.c \
	emulator/reserve.c \
	emulator/serve.c \
	emulator/serve.h \
	emulator/serve_options.c \
	emulator/serve_options.h \
	emulator/server.h \
	emulator/snapshot.c \
	emulator/snapshot.h \
	emulator/state.c \
	emulator/trace_writer.c \
	emulator/trace_writer.h \
	emulator/verb.c \
	emulator/verb.h \
	emulator/vfio/pass.c \
	emulator/vfio/vfio.c \
	emulator/vfio/vfio.h \
	emulator/vfio/vfio_priv.h
libgucserver_la_CPPFLAGS = $(AM_CPPFLAGS) $(UV_CFLAGS) $(JSON_CFLAGS) \
	-DGUCEMU_VERSION='"$(PACKAGE_VERSION)"'
libgucserver_la_LIBADD = libguclocal.la libgucvdev.la libgucwire.la libgucview.la

if HAVE_CHECK

server_tests = \
	tests/process/test_server \
	tests/process/test_server_flood \
	tests/process/test_server_handover \
	tests/process/test_server_life \
	tests/process/test_server_lmem \
	tests/process/test_server_snapshot \
	tests/process/test_server_memory \
	tests/process/test_server_move \
	tests/process/test_server_timer \
	tests/process/test_takeover \
	tests/process/test_vfio \
	tests/process/test_vfio_move
# The fuzzer is run by hand: ./run fuzz-socket.
check_PROGRAMS += $(server_tests) tests/fuzz/fuzz_socket
TESTS += $(server_tests)

server_fixture = tests/process/server_fixture.c tests/process/server_fixture.h
server_test_ldadd = libgucframe.la libgucproto.la $(CHECK_LIBS)
tests_fuzz_fuzz_socket_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
tests_fuzz_fuzz_socket_LDADD = libgucframe.la libgucproto.la
bad_client = tests/process/bad_client.c tests/process/bad_client.h $(server_fixture)
tests_process_test_server_SOURCES = tests/process/test_server.c $(bad_client)
tests_process_test_server_CFLAGS = $(unit_cflags)
tests_process_test_server_LDADD = $(server_test_ldadd)
tests_process_test_server_flood_SOURCES = tests/process/test_server_flood.c $(bad_client)
tests_process_test_server_flood_CFLAGS = $(unit_cflags)
tests_process_test_server_flood_LDADD = $(server_test_ldadd)
tests_process_test_server_memory_SOURCES = tests/process/test_server_memory.c $(bad_client)
tests_process_test_server_memory_CFLAGS = $(unit_cflags)
tests_process_test_server_memory_LDADD = $(server_test_ldadd)
tests_process_test_server_snapshot_SOURCES = tests/process/test_server_snapshot.c $(move_fixture)
tests_process_test_server_snapshot_CFLAGS = $(unit_cflags)
tests_process_test_server_snapshot_LDADD = libgucview.la $(server_test_ldadd) $(JSON_LIBS)
tests_process_test_server_lmem_SOURCES = tests/process/test_server_lmem.c $(move_fixture)
tests_process_test_server_lmem_CFLAGS = $(unit_cflags)
tests_process_test_server_lmem_LDADD = libgucview.la $(server_test_ldadd) $(JSON_LIBS)
tests_process_test_server_life_SOURCES = tests/process/test_server_life.c $(server_fixture)
tests_process_test_server_life_CFLAGS = $(unit_cflags)
tests_process_test_server_life_LDADD = $(server_test_ldadd)
move_fixture = tests/process/move_fixture.c tests/process/move_fixture.h tests/check_main.h \
	$(server_fixture)
tests_process_test_server_handover_SOURCES = tests/process/test_server_handover.c $(move_fixture)
tests_process_test_server_handover_CFLAGS = $(unit_cflags)
tests_process_test_server_handover_LDADD = $(server_test_ldadd)
tests_process_test_server_move_SOURCES = tests/process/test_server_move.c $(move_fixture)
tests_process_test_server_move_CFLAGS = $(unit_cflags)
tests_process_test_server_move_LDADD = $(server_test_ldadd)
tests_process_test_server_timer_SOURCES = tests/process/test_server_timer.c cli/options.c \
	cli/options.h $(server_fixture)
tests_process_test_server_timer_CFLAGS = $(unit_cflags) $(UV_CFLAGS) $(JSON_CFLAGS)
tests_process_test_server_timer_LDFLAGS = -Wl,--wrap=uv_timer_start
tests_process_test_server_timer_LDADD = $(gucemu_LDADD) $(CHECK_LIBS)
tests_process_test_takeover_SOURCES = tests/process/test_takeover.c cli/options.c cli/options.h \
	$(move_fixture)
tests_process_test_takeover_CFLAGS = $(unit_cflags) $(UV_CFLAGS) $(JSON_CFLAGS)
tests_process_test_takeover_LDFLAGS = -Wl,--wrap=send
tests_process_test_takeover_LDADD = $(gucemu_LDADD) $(CHECK_LIBS)
vm_fixture = tests/process/vm_fixture.c tests/process/vm_fixture.h $(server_fixture)
tests_process_test_vfio_SOURCES = tests/process/test_vfio.c $(vm_fixture)
tests_process_test_vfio_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
tests_process_test_vfio_CFLAGS = $(unit_cflags)
tests_process_test_vfio_LDADD = $(server_test_ldadd)
tests_process_test_vfio_move_SOURCES = tests/process/test_vfio_move.c $(vm_fixture)
tests_process_test_vfio_move_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
tests_process_test_vfio_move_CFLAGS = $(unit_cflags)
tests_process_test_vfio_move_LDADD = $(server_test_ldadd)

endif HAVE_CHECK
