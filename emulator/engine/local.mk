# The engines: pure. GuC and they call one another, so that every program has them
# with libgucguc.

noinst_LTLIBRARIES += libgucengine.la
libgucengine_la_SOURCES = \
	emulator/engine/blit.c \
	emulator/engine/blit.h \
	emulator/engine/blit_commands.c \
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
	emulator/engine/tiling.c \
	emulator/engine/tlb.c \
	emulator/engine/walk.c

noinst_PROGRAMS += tests/bench/bench_engine
tests_bench_bench_engine_SOURCES = tests/bench/bench_engine.c tests/bench/bench.c \
	tests/bench/bench.h tests/sim/bare.c tests/sim/bare.h
tests_bench_bench_engine_LDADD = libgucguc.la libguchost.la libgucproto.la

if HAVE_CHECK

engine_tests = \
	tests/unit/test_eng_blit \
	tests/unit/test_eng_command \
	tests/unit/test_eng_data \
	tests/unit/test_eng_fuzz \
	tests/unit/test_eng_space \
	tests/unit/test_guc_fault
check_PROGRAMS += $(engine_tests)
TESTS += $(engine_tests)

ppgtt_fixture = tests/unit/guc_ppgtt.c tests/unit/guc_ppgtt.h tests/unit/guc_lrc.c \
	tests/unit/guc_lrc.h tests/unit/guc_fixture.c tests/unit/guc_fixture.h
program_fixture = tests/unit/eng_program.c tests/unit/eng_program.h $(ppgtt_fixture)
tests_unit_test_eng_command_SOURCES = tests/unit/test_eng_command.c $(program_fixture)
tests_unit_test_eng_command_CFLAGS = $(unit_cflags)
tests_unit_test_eng_command_LDADD = libgucguc.la $(CHECK_LIBS)
tests_unit_test_eng_data_SOURCES = tests/unit/test_eng_data.c $(program_fixture)
tests_unit_test_eng_data_CFLAGS = $(unit_cflags)
tests_unit_test_eng_data_LDADD = libgucguc.la $(CHECK_LIBS)
tests_unit_test_eng_fuzz_SOURCES = tests/unit/test_eng_fuzz.c $(ppgtt_fixture)
tests_unit_test_eng_fuzz_CFLAGS = $(unit_cflags)
tests_unit_test_eng_fuzz_LDADD = libgucguc.la $(CHECK_LIBS)
tests_unit_test_eng_blit_SOURCES = tests/unit/test_eng_blit.c $(ppgtt_fixture)
tests_unit_test_eng_blit_CFLAGS = $(unit_cflags)
tests_unit_test_eng_blit_LDADD = libgucguc.la $(CHECK_LIBS)
tests_unit_test_guc_fault_SOURCES = tests/unit/test_guc_fault.c $(ppgtt_fixture)
tests_unit_test_guc_fault_CFLAGS = $(unit_cflags)
tests_unit_test_guc_fault_LDADD = libgucguc.la $(CHECK_LIBS)
tests_unit_test_eng_space_SOURCES = tests/unit/test_eng_space.c $(ppgtt_fixture)
tests_unit_test_eng_space_CFLAGS = $(unit_cflags)
tests_unit_test_eng_space_LDADD = libgucguc.la $(CHECK_LIBS)

endif HAVE_CHECK
