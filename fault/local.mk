# Fault rules: pure like the GuC, and part of its library.

noinst_LTLIBRARIES += libgucfault.la
libgucfault_la_SOURCES = \
	fault/check.c \
	fault/explain.c \
	fault/fault.c \
	fault/hook.c \
	fault/match.c \
	fault/parse.c \
	fault/parse_what.c \
	fault/priv.h \
	fault/scan.c \
	fault/value.c \
	fault/words.c
# Its users link it before libgucguc.la, whose tables it reads.
nobase_pkginclude_HEADERS += fault/fault.h

if HAVE_CHECK

fault_tests = tests/unit/test_fault tests/unit/test_fault_card tests/unit/test_fault_when
check_PROGRAMS += $(fault_tests)
TESTS += $(fault_tests)
tests_unit_test_fault_SOURCES = tests/unit/test_fault.c tests/check_main.h
tests_unit_test_fault_CFLAGS = $(unit_cflags)
tests_unit_test_fault_LDADD = libgucfault.la libgucguc.la $(CHECK_LIBS)
fault_fixture = tests/unit/fault_fixture.c tests/unit/fault_fixture.h $(guc_fixture)
tests_unit_test_fault_card_SOURCES = tests/unit/test_fault_card.c $(fault_fixture)
tests_unit_test_fault_card_CFLAGS = $(unit_cflags)
tests_unit_test_fault_card_LDADD = libgucfault.la $(guc_ldadd)
tests_unit_test_fault_when_SOURCES = tests/unit/test_fault_when.c $(fault_fixture)
tests_unit_test_fault_when_CFLAGS = $(unit_cflags)
tests_unit_test_fault_when_LDADD = libgucfault.la $(guc_ldadd)

endif HAVE_CHECK
