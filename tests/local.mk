# Tests: unit (one subject each), the simulator, real processes, the purity of
# the actors. Every program here is a Check runner of its own.

EXTRA_DIST += tests/check_main.h tests/linux-input.sh tests/conformance.sh tests/conformance-sockets.sh tests/checklist.sh tests/checklist.tsv tests/pages.sh tests/purity.sh tests/weaknesses.sh tests/weaknesses.tsv
EXTRA_DIST += tests/linux/init tests/linux/kit.py tests/linux/machine.py tests/linux/cases.py \
	tests/linux/conformance.py tests/linux/findings.py tests/linux/first.py tests/linux/mark.py \
	tests/linux/moments.py tests/linux/weaknesses.py \
	tests/linux/misbehave.py tests/linux/moves.py tests/linux/resets.py tests/linux/run.py \
	tests/linux/guest

# The conformance suite is installed: gucemu conformance judges by it.
suitedir = $(pkgdatadir)/conformance
dist_suite_DATA = \
	tests/conformance/C-rings.lua \
	tests/conformance/C-submission.lua \
	tests/conformance/F-fixups.lua \
	tests/conformance/M-restore.lua \
	tests/conformance/M-save.lua \
	tests/conformance/P-control.lua \
	tests/conformance/P-flr.lua \
	tests/conformance/Q-runtime.lua \
	tests/conformance/Q-services.lua \
	tests/conformance/Q-transport.lua \
	tests/conformance/_common.lua \
	tests/conformance/_image.lua \
	tests/conformance/_pf.lua \
	tests/conformance/_recovery.lua \
	tests/conformance/_relay.lua \
	tests/conformance/R-answers.lua \
	tests/conformance/R-life.lua \
	tests/conformance/R-markers.lua \
	tests/conformance/R-plain.lua \
	tests/conformance/X-weaknesses.lua

# Where the tests of real processes find the program, and purity.sh the objects.
# A test that hangs is ended; a slow machine is no hang.
AM_TESTS_ENVIRONMENT = GUCEMU='$(abs_top_builddir)/gucemu'; export GUCEMU; \
	top_builddir='$(top_builddir)'; export top_builddir; \
	top_srcdir='$(top_srcdir)'; export top_srcdir; \
	SAN_CFLAGS='$(SAN_CFLAGS)'; export SAN_CFLAGS; \
	CK_DEFAULT_TIMEOUT=180; export CK_DEFAULT_TIMEOUT;

# Check's macros convert freely.
unit_cflags = $(AM_CFLAGS) -Wno-conversion $(CHECK_CFLAGS)

# What a test of each room links. Private symbols are there: these are the
# convenience libraries that the installed ones are made of.
proto_ldadd = libgucproto.la $(CHECK_LIBS)
host_ldadd = libguchost.la $(proto_ldadd)
guc_ldadd = libgucguc.la $(proto_ldadd)
vfc_ldadd = libgucvfcore.la $(host_ldadd)
pfc_ldadd = libgucpfcore.la $(CHECK_LIBS)
sim_ldadd = $(sim_libs) $(CHECK_LIBS)
wire_ldadd = libgucwire.la libgucframe.la libgucproto.la $(CHECK_LIBS)

# --- benches: built always, so that they don't rot; run by hand -----------------

noinst_PROGRAMS += tests/bench/bench_core tests/bench/bench_image tests/bench/bench_lmem \
	tests/bench/bench_ring tests/bench/bench_socket tests/bench/bench_start tests/bench/bench_vfio
bench_sources = tests/bench/bench.c tests/bench/bench.h
bench_client = tests/bench/bench_client.c tests/bench/bench_client.h
sim_sources = tests/sim/pair.c tests/sim/pair.h tests/sim/load.c tests/sim/load.h
sim_libs = libgucsim.la libguclocal.la libgucguc.la libgucvfcore.la libgucpfcore.la
bare_sources = tests/sim/bare.c tests/sim/bare.h

noinst_PROGRAMS += tests/bench/bench_record
tests_bench_bench_record_SOURCES = tests/bench/bench_record.c $(bench_sources) $(bare_sources)
tests_bench_bench_record_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_CFLAGS)
tests_bench_bench_record_LDADD = libgucview.la libgucguc.la libguchost.la libgucframe.la \
	libgucproto.la
tests_bench_bench_core_SOURCES = tests/bench/bench_core.c $(bench_sources) $(sim_sources) \
	$(bare_sources)
tests_bench_bench_core_LDADD = $(sim_libs)
tests_bench_bench_image_SOURCES = tests/bench/bench_image.c $(bench_sources) $(sim_sources)
tests_bench_bench_image_LDADD = $(sim_libs)
tests_bench_bench_lmem_SOURCES = tests/bench/bench_lmem.c $(bench_sources) $(sim_sources)
tests_bench_bench_lmem_LDADD = $(sim_libs)
tests_bench_bench_ring_SOURCES = tests/bench/bench_ring.c $(bench_client) $(bench_sources)
tests_bench_bench_ring_LDADD = libguchost.la libgucframe.la libgucwire.la libgucproto.la
tests_bench_bench_socket_SOURCES = tests/bench/bench_socket.c $(bench_client) $(bench_sources)
tests_bench_bench_start_SOURCES = tests/bench/bench_start.c $(bench_sources)
tests_bench_bench_vfio_SOURCES = tests/bench/bench_vfio.c $(bench_sources)
tests_bench_bench_socket_CPPFLAGS = $(AM_CPPFLAGS) $(UV_CFLAGS)
tests_bench_bench_socket_LDADD = libgucframe.la $(UV_LIBS)

# --- examples: compiled and run --------------------------------------------------

check_PROGRAMS += emulator/examples/own-driver
TESTS += emulator/examples/own-driver
emulator_examples_own_driver_LDADD = libgucemu.la libgucproto.la

if HAVE_CHECK

unit_tests = \
	tests/unit/test_guc_blob \
	tests/unit/test_guc_cells \
	tests/unit/test_guc_config \
	tests/unit/test_guc_context \
	tests/unit/test_guc_ctb \
	tests/unit/test_guc_decisions \
	tests/unit/test_guc_decisions_vf \
	tests/unit/test_guc_detector \
	tests/unit/test_guc_engine \
	tests/unit/test_guc_ggtt \
	tests/unit/test_guc_group \
	tests/unit/test_guc_isolation \
	tests/unit/test_guc_lifecycle \
	tests/unit/test_guc_intr \
	tests/unit/test_guc_lmem \
	tests/unit/test_guc_mailbox \
	tests/unit/test_guc_relay \
	tests/unit/test_guc_slices \
	tests/unit/test_guc_mishap \
	tests/unit/test_guc_native \
	tests/unit/test_guc_policy \
	tests/unit/test_guc_sched \
	tests/unit/test_guc_sched_always \
	tests/unit/test_guc_sched_turns \
	tests/unit/test_guc_gates \
	tests/unit/test_host_ct \
	tests/unit/test_host_mailbox \
	tests/unit/test_image \
	tests/unit/test_image_ggtt \
	tests/unit/test_image_lies \
	tests/unit/test_local \
	tests/unit/test_pfc_adopt \
	tests/unit/test_pfc_control \
	tests/unit/test_pfc_flr \
	tests/unit/test_pfc_image \
	tests/unit/test_pfc_mmio_relay \
	tests/unit/test_pfc_provision \
	tests/unit/test_pfc_quirks \
	tests/unit/test_pfc_relay \
	tests/unit/test_pfc_service \
	tests/unit/test_pfc_setting \
	tests/unit/test_pfc_vfio \
	tests/unit/test_proto \
	tests/unit/test_bell \
	tests/unit/test_threads \
	tests/unit/test_vfc_boot \
	tests/unit/test_vfc_irq \
	tests/unit/test_vfc_fixup \
	tests/unit/test_vfc_mismatch \
	tests/unit/test_vfc_power \
	tests/unit/test_vfc_recovery \
	tests/unit/test_vfc_replay \
	tests/unit/test_vfc_seed \
	tests/unit/test_vfc_relay \
	tests/unit/test_vfc_runtime \
	tests/unit/test_vft_link \
	tests/unit/test_vft_link_life

check_PROGRAMS += $(unit_tests) tests/sim/test_sim tests/sim/test_replay
TESTS += $(unit_tests) tests/sim/test_sim tests/sim/test_replay tests/checklist.sh \
	tests/conformance.sh tests/conformance-sockets.sh tests/pages.sh tests/purity.sh tests/ten-minutes.sh \
	tests/linux-input.sh \
	tests/weaknesses.sh

tests_unit_test_proto_CFLAGS = $(unit_cflags)
tests_unit_test_proto_LDADD = $(proto_ldadd)

tests_unit_test_host_ct_CFLAGS = $(unit_cflags)
tests_unit_test_host_ct_LDADD = $(host_ldadd)
tests_unit_test_host_mailbox_CFLAGS = $(unit_cflags)
tests_unit_test_host_mailbox_LDADD = $(host_ldadd)

tests_unit_test_bell_SOURCES = tests/unit/test_bell.c
tests_unit_test_bell_CFLAGS = $(unit_cflags)
tests_unit_test_bell_LDADD = $(CHECK_LIBS)
tests_unit_test_threads_SOURCES = tests/unit/test_threads.c $(bare_sources)
tests_unit_test_threads_CFLAGS = $(unit_cflags)
tests_unit_test_threads_LDADD = libgucguc.la $(host_ldadd) -lpthread

guc_fixture = tests/unit/guc_fixture.c tests/unit/guc_fixture.h
guc_lrc = tests/unit/guc_lrc.c tests/unit/guc_lrc.h
tests_unit_test_guc_blob_SOURCES = tests/unit/test_guc_blob.c $(guc_fixture) $(guc_lrc)
tests_unit_test_guc_blob_CFLAGS = $(unit_cflags)
tests_unit_test_guc_blob_LDADD = $(guc_ldadd)
tests_unit_test_guc_config_SOURCES = tests/unit/test_guc_config.c $(guc_fixture)
tests_unit_test_guc_config_CFLAGS = $(unit_cflags)
tests_unit_test_guc_config_LDADD = $(guc_ldadd)
tests_unit_test_guc_context_SOURCES = tests/unit/test_guc_context.c $(guc_fixture) $(guc_lrc)
tests_unit_test_guc_context_CFLAGS = $(unit_cflags)
tests_unit_test_guc_context_LDADD = $(guc_ldadd)
tests_unit_test_guc_ctb_SOURCES = tests/unit/test_guc_ctb.c $(guc_fixture)
tests_unit_test_guc_ctb_CFLAGS = $(unit_cflags)
tests_unit_test_guc_ctb_LDADD = $(guc_ldadd)
tests_unit_test_guc_decisions_SOURCES = tests/unit/test_guc_decisions.c tests/unit/decided.h \
	$(guc_fixture) $(guc_lrc)
tests_unit_test_guc_decisions_CFLAGS = $(unit_cflags)
tests_unit_test_guc_decisions_LDADD = $(guc_ldadd)
tests_unit_test_guc_decisions_vf_SOURCES = tests/unit/test_guc_decisions_vf.c \
	tests/unit/decided.h $(guc_fixture) $(guc_lrc)
tests_unit_test_guc_decisions_vf_CFLAGS = $(unit_cflags)
tests_unit_test_guc_decisions_vf_LDADD = $(guc_ldadd)
tests_unit_test_guc_detector_SOURCES = tests/unit/test_guc_detector.c $(guc_fixture) $(guc_lrc)
tests_unit_test_guc_detector_CFLAGS = $(unit_cflags)
tests_unit_test_guc_detector_LDADD = $(guc_ldadd)
guc_sched = tests/unit/guc_sched.c tests/unit/guc_sched.h $(guc_fixture) $(guc_lrc)
tests_unit_test_guc_sched_SOURCES = tests/unit/test_guc_sched.c $(guc_sched)
tests_unit_test_guc_sched_CFLAGS = $(unit_cflags)
tests_unit_test_guc_sched_LDADD = $(guc_ldadd)
tests_unit_test_guc_sched_always_SOURCES = tests/unit/test_guc_sched_always.c $(guc_sched)
tests_unit_test_guc_sched_always_CFLAGS = $(unit_cflags)
tests_unit_test_guc_sched_always_LDADD = $(guc_ldadd)
tests_unit_test_guc_sched_turns_SOURCES = tests/unit/test_guc_sched_turns.c $(guc_sched)
tests_unit_test_guc_sched_turns_CFLAGS = $(unit_cflags)
tests_unit_test_guc_sched_turns_LDADD = $(guc_ldadd)
tests_unit_test_guc_engine_SOURCES = tests/unit/test_guc_engine.c $(guc_fixture) $(guc_lrc)
tests_unit_test_guc_engine_CFLAGS = $(unit_cflags)
tests_unit_test_guc_engine_LDADD = $(guc_ldadd)
tests_unit_test_guc_ggtt_SOURCES = tests/unit/test_guc_ggtt.c $(guc_fixture)
tests_unit_test_guc_ggtt_CFLAGS = $(unit_cflags)
tests_unit_test_guc_ggtt_LDADD = $(guc_ldadd)
tests_unit_test_guc_relay_SOURCES = tests/unit/test_guc_relay.c $(guc_fixture)
tests_unit_test_guc_relay_CFLAGS = $(unit_cflags)
tests_unit_test_guc_relay_LDADD = $(guc_ldadd)
tests_unit_test_guc_isolation_SOURCES = tests/unit/test_guc_isolation.c $(guc_fixture) \
	$(guc_lrc)
tests_unit_test_guc_isolation_CFLAGS = $(unit_cflags)
tests_unit_test_guc_isolation_LDADD = $(guc_ldadd)
tests_unit_test_guc_group_SOURCES = tests/unit/test_guc_group.c $(guc_fixture) $(guc_lrc)
tests_unit_test_guc_group_CFLAGS = $(unit_cflags)
tests_unit_test_guc_group_LDADD = $(guc_ldadd)
tests_unit_test_guc_native_SOURCES = tests/unit/test_guc_native.c $(guc_fixture) $(guc_lrc)
tests_unit_test_guc_native_CFLAGS = $(unit_cflags)
tests_unit_test_guc_native_LDADD = $(guc_ldadd)
tests_unit_test_guc_policy_SOURCES = tests/unit/test_guc_policy.c $(guc_fixture) $(guc_lrc)
tests_unit_test_guc_policy_CFLAGS = $(unit_cflags)
tests_unit_test_guc_policy_LDADD = $(guc_ldadd)
tests_unit_test_guc_gates_SOURCES = tests/unit/test_guc_gates.c $(guc_fixture) $(guc_lrc)
tests_unit_test_guc_gates_CFLAGS = $(unit_cflags)
tests_unit_test_guc_gates_LDADD = $(guc_ldadd)
tests_unit_test_guc_mishap_SOURCES = tests/unit/test_guc_mishap.c $(guc_fixture) $(guc_lrc)
tests_unit_test_guc_mishap_CFLAGS = $(unit_cflags)
tests_unit_test_guc_mishap_LDADD = $(guc_ldadd)
guc_happen = tests/unit/guc_happen.c tests/unit/guc_happen.h
tests_unit_test_guc_slices_SOURCES = tests/unit/test_guc_slices.c $(guc_happen) \
	$(guc_fixture) $(guc_lrc)
tests_unit_test_guc_slices_CFLAGS = $(unit_cflags)
tests_unit_test_guc_slices_LDADD = $(guc_ldadd)
tests_unit_test_guc_cells_SOURCES = tests/unit/test_guc_cells.c \
	tests/unit/lifecycle_wants.h $(guc_happen) $(guc_fixture)
tests_unit_test_guc_cells_CFLAGS = $(unit_cflags)
tests_unit_test_guc_cells_LDADD = $(guc_ldadd)
tests_unit_test_guc_lifecycle_SOURCES = tests/unit/test_guc_lifecycle.c \
	tests/unit/lifecycle_wants.h $(guc_fixture)
tests_unit_test_guc_lifecycle_CFLAGS = $(unit_cflags)
tests_unit_test_guc_lifecycle_LDADD = $(guc_ldadd)
tests_unit_test_guc_intr_SOURCES = tests/unit/test_guc_intr.c $(guc_fixture) $(guc_lrc)
tests_unit_test_guc_intr_CFLAGS = $(unit_cflags)
tests_unit_test_guc_intr_LDADD = $(guc_ldadd)
tests_unit_test_guc_lmem_SOURCES = tests/unit/test_guc_lmem.c $(guc_fixture) $(guc_lrc)
tests_unit_test_guc_lmem_CFLAGS = $(unit_cflags)
tests_unit_test_guc_lmem_LDADD = $(guc_ldadd)
tests_unit_test_local_SOURCES = tests/unit/test_local.c emulator/local.c emulator/local.h
tests_unit_test_local_CFLAGS = $(unit_cflags)
tests_unit_test_local_LDADD = $(CHECK_LIBS)
tests_unit_test_guc_mailbox_SOURCES = tests/unit/test_guc_mailbox.c $(guc_fixture)
tests_unit_test_guc_mailbox_CFLAGS = $(unit_cflags)
tests_unit_test_guc_mailbox_LDADD = $(guc_ldadd)

image_fixture = tests/unit/image_fixture.c tests/unit/image_fixture.h
tests_unit_test_image_ggtt_SOURCES = tests/unit/test_image_ggtt.c
tests_unit_test_image_ggtt_CFLAGS = $(unit_cflags)
tests_unit_test_image_ggtt_LDADD = $(pfc_ldadd)
tests_unit_test_image_lies_SOURCES = tests/unit/test_image_lies.c $(image_fixture)
tests_unit_test_image_lies_CFLAGS = $(unit_cflags)
tests_unit_test_image_lies_LDADD = $(pfc_ldadd)
tests_unit_test_image_SOURCES = tests/unit/test_image.c $(image_fixture)
tests_unit_test_image_CFLAGS = $(unit_cflags)
tests_unit_test_image_LDADD = $(pfc_ldadd)

pfc_fixture = tests/unit/pfc_fixture.c tests/unit/pfc_fixture.h
tests_unit_test_pfc_adopt_SOURCES = tests/unit/test_pfc_adopt.c $(pfc_fixture)
tests_unit_test_pfc_adopt_CFLAGS = $(unit_cflags)
tests_unit_test_pfc_adopt_LDADD = $(pfc_ldadd)
tests_unit_test_pfc_control_SOURCES = tests/unit/test_pfc_control.c $(pfc_fixture)
tests_unit_test_pfc_control_CFLAGS = $(unit_cflags)
tests_unit_test_pfc_control_LDADD = $(pfc_ldadd)
tests_unit_test_pfc_flr_SOURCES = tests/unit/test_pfc_flr.c $(pfc_fixture)
tests_unit_test_pfc_flr_CFLAGS = $(unit_cflags)
tests_unit_test_pfc_flr_LDADD = $(pfc_ldadd)
tests_unit_test_pfc_image_SOURCES = tests/unit/test_pfc_image.c $(pfc_fixture)
tests_unit_test_pfc_image_CFLAGS = $(unit_cflags)
tests_unit_test_pfc_image_LDADD = $(pfc_ldadd)
tests_unit_test_pfc_mmio_relay_SOURCES = tests/unit/test_pfc_mmio_relay.c $(pfc_fixture)
tests_unit_test_pfc_mmio_relay_CFLAGS = $(unit_cflags)
tests_unit_test_pfc_mmio_relay_LDADD = $(pfc_ldadd)
tests_unit_test_pfc_provision_SOURCES = tests/unit/test_pfc_provision.c $(pfc_fixture)
tests_unit_test_pfc_provision_CFLAGS = $(unit_cflags)
tests_unit_test_pfc_provision_LDADD = $(pfc_ldadd)
tests_unit_test_pfc_quirks_SOURCES = tests/unit/test_pfc_quirks.c $(pfc_fixture)
tests_unit_test_pfc_quirks_CFLAGS = $(unit_cflags)
tests_unit_test_pfc_quirks_LDADD = $(pfc_ldadd)
tests_unit_test_pfc_relay_SOURCES = tests/unit/test_pfc_relay.c $(pfc_fixture)
tests_unit_test_pfc_relay_CFLAGS = $(unit_cflags)
tests_unit_test_pfc_relay_LDADD = $(pfc_ldadd)
tests_unit_test_pfc_service_SOURCES = tests/unit/test_pfc_service.c $(pfc_fixture)
tests_unit_test_pfc_service_CFLAGS = $(unit_cflags)
tests_unit_test_pfc_service_LDADD = $(pfc_ldadd)
tests_unit_test_pfc_vfio_SOURCES = tests/unit/test_pfc_vfio.c $(pfc_fixture)
tests_unit_test_pfc_vfio_CFLAGS = $(unit_cflags)
tests_unit_test_pfc_vfio_LDADD = $(pfc_ldadd)
tests_unit_test_pfc_setting_SOURCES = tests/unit/test_pfc_setting.c $(pfc_fixture)
tests_unit_test_pfc_setting_CFLAGS = $(unit_cflags)
tests_unit_test_pfc_setting_LDADD = $(pfc_ldadd)

vfc_fixture = tests/unit/vfc_fixture.c tests/unit/vfc_fixture.h
tests_unit_test_vfc_irq_SOURCES = tests/unit/test_vfc_irq.c
tests_unit_test_vfc_irq_CFLAGS = $(unit_cflags)
tests_unit_test_vfc_irq_LDADD = libgucguc.la $(vfc_ldadd)
tests_unit_test_vfc_boot_SOURCES = tests/unit/test_vfc_boot.c $(vfc_fixture)
tests_unit_test_vfc_boot_CFLAGS = $(unit_cflags)
tests_unit_test_vfc_boot_LDADD = $(vfc_ldadd)
vfc_recovery = $(vfc_fixture) tests/unit/vfc_recovery.h
tests_unit_test_vfc_recovery_SOURCES = tests/unit/test_vfc_recovery.c $(vfc_recovery)
tests_unit_test_vfc_recovery_CFLAGS = $(unit_cflags)
tests_unit_test_vfc_recovery_LDADD = $(vfc_ldadd)
tests_unit_test_vfc_fixup_SOURCES = tests/unit/test_vfc_fixup.c $(vfc_recovery)
tests_unit_test_vfc_fixup_CFLAGS = $(unit_cflags)
tests_unit_test_vfc_fixup_LDADD = $(vfc_ldadd)
tests_unit_test_vfc_mismatch_SOURCES = tests/unit/test_vfc_mismatch.c $(vfc_recovery)
tests_unit_test_vfc_mismatch_CFLAGS = $(unit_cflags)
tests_unit_test_vfc_mismatch_LDADD = $(vfc_ldadd)
tests_unit_test_vfc_power_SOURCES = tests/unit/test_vfc_power.c $(vfc_recovery)
tests_unit_test_vfc_power_CFLAGS = $(unit_cflags)
tests_unit_test_vfc_power_LDADD = $(vfc_ldadd)
tests_unit_test_vfc_replay_SOURCES = tests/unit/test_vfc_replay.c $(vfc_recovery)
tests_unit_test_vfc_replay_CFLAGS = $(unit_cflags)
tests_unit_test_vfc_replay_LDADD = $(vfc_ldadd)
tests_unit_test_vfc_seed_SOURCES = tests/unit/test_vfc_seed.c $(vfc_recovery)
tests_unit_test_vfc_seed_CFLAGS = $(unit_cflags)
tests_unit_test_vfc_seed_LDADD = $(vfc_ldadd)
tests_unit_test_vfc_runtime_SOURCES = tests/unit/test_vfc_runtime.c $(vfc_fixture)
tests_unit_test_vfc_runtime_CFLAGS = $(unit_cflags)
tests_unit_test_vfc_runtime_LDADD = $(vfc_ldadd)
tests_unit_test_vfc_relay_SOURCES = tests/unit/test_vfc_relay.c $(vfc_fixture)
tests_unit_test_vfc_relay_CFLAGS = $(unit_cflags)
tests_unit_test_vfc_relay_LDADD = $(vfc_ldadd)

tests_sim_test_sim_SOURCES = tests/sim/main.c tests/sim/suites.h tests/sim/test_answers.c \
	tests/sim/test_detector.c tests/sim/test_faults.c tests/sim/fixup_stage.c tests/sim/fixup_stage.h \
	tests/sim/test_sched.c tests/sim/test_fixups.c tests/sim/test_group.c tests/sim/test_lmem.c \
	tests/sim/test_migration.c tests/sim/test_registers.c \
	tests/sim/test_races.c tests/sim/test_submission.c $(sim_sources)
tests_sim_test_sim_CFLAGS = $(unit_cflags)
tests_sim_test_sim_LDADD = libgucfault.la $(sim_ldadd)

tests_sim_test_replay_SOURCES = tests/sim/test_replay.c tests/sim/tape.c tests/sim/tape.h \
	$(sim_sources)
tests_sim_test_replay_CFLAGS = $(unit_cflags)
tests_sim_test_replay_LDADD = libgucview.la libgucfault.la $(sim_ldadd)

link_fixture = tests/unit/vft_link_fixture.c tests/unit/vft_link_fixture.h \
	tests/unit/fake_server.h
tests_unit_test_vft_link_SOURCES = tests/unit/test_vft_link.c $(link_fixture)
tests_unit_test_vft_link_CPPFLAGS = $(AM_CPPFLAGS) $(UV_CFLAGS) -D_GNU_SOURCE
tests_unit_test_vft_link_CFLAGS = $(unit_cflags)
tests_unit_test_vft_link_LDADD = libgucvftransport.la libgucwire.la libgucframe.la $(vfc_ldadd) \
	$(UV_LIBS)
tests_unit_test_vft_link_life_SOURCES = tests/unit/test_vft_link_life.c $(link_fixture)
tests_unit_test_vft_link_life_CPPFLAGS = $(AM_CPPFLAGS) $(UV_CFLAGS) -D_GNU_SOURCE
tests_unit_test_vft_link_life_CFLAGS = $(unit_cflags)
tests_unit_test_vft_link_life_LDADD = libgucvftransport.la libgucwire.la libgucframe.la $(vfc_ldadd) \
	$(UV_LIBS)

endif HAVE_CHECK
