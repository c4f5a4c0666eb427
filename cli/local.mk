# The program: commands, and the demo that drives them all.

bin_PROGRAMS += gucemu
gucemu_SOURCES = \
	cli/child.c \
	cli/child.h \
	cli/clock.c \
	cli/commands.h \
	cli/conformance.c \
	cli/control.c \
	cli/control.h \
	cli/demo.c \
	cli/demo.h \
	cli/demo_cards.c \
	cli/demo_move.c \
	cli/demo_record.c \
	cli/demo_report.c \
	cli/demo_vf.c \
	cli/diagram_print.c \
	cli/diagram_print.h \
	cli/explain.c \
	cli/explain.h \
	cli/explain_message.c \
	cli/fault.c \
	cli/fault.h \
	cli/fault_words.c \
	cli/facts.c \
	cli/facts.h \
	cli/facts_main.c \
	cli/gucemu.c \
	cli/image.c \
	cli/image_blob.c \
	cli/image_diff.c \
	cli/image_doc.c \
	cli/image_doc.h \
	cli/image_file.c \
	cli/image_file.h \
	cli/image_linux.c \
	cli/image_linux.h \
	cli/image_linux_in.c \
	cli/json_text.c \
	cli/json_text.h \
	cli/migrate.c \
	cli/migrate.h \
	cli/options.c \
	cli/options.h \
	cli/pf.c \
	cli/pf_migrate.c \
	cli/pf_migrate.h \
	cli/qmp.c \
	cli/qmp.h \
	cli/run.c \
	cli/run_find.c \
	cli/run_jobs.c \
	cli/run_jobs.h \
	cli/run_process.c \
	cli/run_process.h \
	cli/run_report.c \
	cli/run_report.h \
	cli/state.c \
	cli/strangers.c \
	cli/strangers.h \
	cli/table.c \
	cli/table.h \
	cli/trace.c \
	cli/trace.h \
	cli/trace_diagram.c \
	cli/trace_file.c \
	cli/trace_file.h \
	cli/trace_show.c
nodist_gucemu_SOURCES = cli/checklist_rows.h
gucemu_CPPFLAGS = $(AM_CPPFLAGS) $(UV_CFLAGS) $(JSON_CFLAGS) -D_GNU_SOURCE \
	-DGUCEMU_VERSION='"$(PACKAGE_VERSION)"' -DGUCEMU_SUITE='"$(pkgdatadir)/conformance"'
gucemu_LDADD = libgucscenario.la libgucsim.la libgucserver.la libgucfault.la libgucvfrun.la \
	libgucvftransport.la libgucvfcore.la \
	libgucpfcore.la libgucview.la libguctrace.la libgucguc.la libgucwire.la libgucframe.la \
	libguchost.la libgucproto.la \
	$(UV_LIBS) $(JSON_LIBS) $(LUA_LIBS)

# The checklist's points, for gucemu explain.
cli/gucemu-explain.$(OBJEXT): cli/checklist_rows.h
BUILT_SOURCES += cli/checklist_rows.h
CLEANFILES += cli/checklist_rows.h
cli/checklist_rows.h: $(top_srcdir)/tests/checklist.tsv
	$(AM_V_GEN)$(MKDIR_P) cli && awk -F '\t' '!/^#/ { printf "{ \"%s\", \"%s\", \"%s\", \"%s\", \"%s\", \"%s\" },\n", \
		$$1, quoted($$2), $$3, $$4, $$5, $$6 } \
		function quoted(s) { gsub(/"/, "\\\"", s); return s }' \
		$(top_srcdir)/tests/checklist.tsv >$@.tmp && mv $@.tmp $@

# Tests of view/ and cli/; variables of tests/local.mk are known by then.
EXTRA_DIST += tests/golden/seed-diagram.txt

if HAVE_CHECK

cli_tests = \
	tests/unit/test_diagram \
	tests/unit/test_trace \
	tests/unit/test_image_file \
	tests/unit/test_image_fuzz \
	tests/unit/test_linux_stream \
	tests/unit/test_view \
	tests/process/test_cli \
	tests/process/test_clock \
	tests/process/test_demo \
	tests/process/test_fault \
	tests/process/test_run \
	tests/process/test_trace \
	tests/process/test_image \
	tests/process/test_tables \
	tests/process/test_vf_run
check_PROGRAMS += $(cli_tests) tests/fuzz/fuzz_trace
TESTS += $(cli_tests) tests/fuzz/fuzz_trace

cli_test_cppflags = $(AM_CPPFLAGS) $(JSON_CFLAGS) -D_GNU_SOURCE \
	-DGOLDEN_DIR='"$(abs_top_srcdir)/tests/golden"' \
	-DDOCS='"$(abs_top_srcdir)/docs"' -DTESTS='"$(abs_top_srcdir)/tests"' \
	-DGUCEMU='"$(abs_top_builddir)/gucemu$(EXEEXT)"'
cli_test_cflags = $(AM_CFLAGS) -Wno-conversion $(CHECK_CFLAGS)
cli_test_ldadd = libgucview.la libgucguc.la libgucframe.la libgucproto.la $(CHECK_LIBS) \
	$(JSON_LIBS)
golden_sources = tests/golden/golden.c tests/golden/golden.h
cli_fixture = tests/process/cli_fixture.c tests/process/cli_fixture.h

tests_unit_test_diagram_SOURCES = tests/unit/test_diagram.c $(golden_sources)
tests_unit_test_diagram_CPPFLAGS = $(cli_test_cppflags)
tests_unit_test_diagram_CFLAGS = $(cli_test_cflags)
tests_unit_test_diagram_LDADD = $(cli_test_ldadd)
tests_unit_test_image_file_SOURCES = tests/unit/test_image_file.c cli/image_file.c \
	cli/image_file.h
tests_unit_test_image_file_CPPFLAGS = $(cli_test_cppflags)
tests_unit_test_image_file_CFLAGS = $(cli_test_cflags)
tests_unit_test_image_file_LDADD = $(CHECK_LIBS)
tests_unit_test_image_fuzz_SOURCES = tests/unit/test_image_fuzz.c cli/image_blob.c \
	cli/image_doc.h $(image_fixture)
tests_unit_test_image_fuzz_CPPFLAGS = $(cli_test_cppflags)
tests_unit_test_image_fuzz_CFLAGS = $(cli_test_cflags)
tests_unit_test_image_fuzz_LDADD = $(cli_test_ldadd) libgucpfcore.la libguchost.la libgucproto.la
tests_unit_test_linux_stream_CPPFLAGS = $(cli_test_cppflags)
tests_unit_test_linux_stream_CFLAGS = $(cli_test_cflags)
tests_unit_test_linux_stream_LDADD = libgucpfcore.la libguchost.la libgucproto.la $(CHECK_LIBS)
tests_unit_test_trace_SOURCES = tests/unit/test_trace.c cli/trace_file.c cli/trace_file.h
tests_unit_test_trace_CPPFLAGS = $(cli_test_cppflags)
tests_unit_test_trace_CFLAGS = $(cli_test_cflags)
tests_unit_test_trace_LDADD = $(cli_test_ldadd)
tests_fuzz_fuzz_trace_SOURCES = tests/fuzz/fuzz_trace.c cli/trace_file.c cli/trace_file.h
tests_fuzz_fuzz_trace_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_CFLAGS) -D_GNU_SOURCE
tests_fuzz_fuzz_trace_LDADD = $(cli_test_ldadd)
tests_unit_test_view_SOURCES = tests/unit/test_view.c cli/options.c cli/options.h
tests_unit_test_view_CPPFLAGS = $(cli_test_cppflags)
tests_unit_test_view_CFLAGS = $(cli_test_cflags)
tests_unit_test_view_LDADD = $(cli_test_ldadd)
tests_process_test_trace_SOURCES = tests/process/test_trace.c $(cli_fixture) \
	tests/process/server_fixture.c tests/process/server_fixture.h \
	tests/sim/tape.c tests/sim/tape.h
tests_process_test_trace_CPPFLAGS = $(cli_test_cppflags)
tests_process_test_trace_CFLAGS = $(cli_test_cflags)
tests_process_test_trace_LDADD = $(cli_test_ldadd)
tests_process_test_fault_SOURCES = tests/process/test_fault.c $(cli_fixture) \
	tests/sim/tape.c tests/sim/tape.h
tests_process_test_fault_CPPFLAGS = $(cli_test_cppflags)
tests_process_test_fault_CFLAGS = $(cli_test_cflags)
tests_process_test_fault_LDADD = $(cli_test_ldadd)
tests_process_test_cli_SOURCES = tests/process/test_cli.c $(cli_fixture)
tests_process_test_cli_CPPFLAGS = $(cli_test_cppflags)
tests_process_test_cli_CFLAGS = $(cli_test_cflags)
tests_process_test_cli_LDADD = $(cli_test_ldadd)
tests_process_test_clock_SOURCES = tests/process/test_clock.c $(cli_fixture) tests/check_main.h
tests_process_test_clock_CPPFLAGS = $(cli_test_cppflags)
tests_process_test_clock_CFLAGS = $(cli_test_cflags)
tests_process_test_clock_LDADD = $(cli_test_ldadd)
tests_process_test_run_SOURCES = tests/process/test_run.c $(cli_fixture) tests/check_main.h
tests_process_test_run_CPPFLAGS = $(cli_test_cppflags)
tests_process_test_run_CFLAGS = $(cli_test_cflags)
tests_process_test_run_LDADD = $(cli_test_ldadd)
tests_process_test_demo_SOURCES = tests/process/test_demo.c $(cli_fixture) $(golden_sources)
tests_process_test_demo_CPPFLAGS = $(cli_test_cppflags)
tests_process_test_demo_CFLAGS = $(cli_test_cflags)
tests_process_test_demo_LDADD = $(cli_test_ldadd)
tests_process_test_vf_run_SOURCES = tests/process/test_vf_run.c $(cli_fixture) \
	tests/process/control_fixture.c tests/process/control_fixture.h
tests_process_test_vf_run_CPPFLAGS = $(cli_test_cppflags) $(UV_CFLAGS)
tests_process_test_vf_run_CFLAGS = $(cli_test_cflags)
tests_process_test_vf_run_LDADD = libgucwire.la $(cli_test_ldadd) $(UV_LIBS)

tests_process_test_tables_SOURCES = tests/process/test_tables.c $(cli_fixture)
tests_process_test_tables_CPPFLAGS = $(cli_test_cppflags)
tests_process_test_tables_CFLAGS = $(cli_test_cflags)
tests_process_test_tables_LDADD = $(cli_test_ldadd)
tests_process_test_image_SOURCES = tests/process/test_image.c $(cli_fixture)
tests_process_test_image_CPPFLAGS = $(cli_test_cppflags)
tests_process_test_image_CFLAGS = $(cli_test_cflags)
tests_process_test_image_LDADD = $(cli_test_ldadd)

endif HAVE_CHECK
