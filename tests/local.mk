# Tests: unit (one subject each), the simulator, real processes, the purity of
# the actors. Every program here is a Check runner of its own.

unit_cppflags = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
# Check's macros convert freely.
unit_cflags = $(AM_CFLAGS) -Wno-conversion

if HAVE_CHECK

unit_tests = \
	tests/unit/test_host_ct \
	tests/unit/test_host_mailbox \
	tests/unit/test_proto

check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)

tests_unit_test_proto_CFLAGS = $(unit_cflags)
tests_unit_test_proto_LDADD = libgucproto.la $(CHECK_LIBS)

host_ldadd = libguchost.la libgucproto.la $(CHECK_LIBS)
tests_unit_test_host_ct_CFLAGS = $(unit_cflags)
tests_unit_test_host_ct_LDADD = $(host_ldadd)
tests_unit_test_host_mailbox_CFLAGS = $(unit_cflags)
tests_unit_test_host_mailbox_LDADD = $(host_ldadd)

endif HAVE_CHECK
