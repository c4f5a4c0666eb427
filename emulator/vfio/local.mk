# VFs for virtual machines: vfio-user. device.c and pci.c are pure.

noinst_LTLIBRARIES += libgucvdev.la
libgucvdev_la_SOURCES = \
	emulator/vfio/device.c \
	emulator/vfio/device.h \
	emulator/vfio/msg.h \
	emulator/vfio/pci.c \
	emulator/vfio/pci.h

if HAVE_CHECK

check_PROGRAMS += tests/unit/test_vfio_device
TESTS += tests/unit/test_vfio_device
tests_unit_test_vfio_device_CFLAGS = $(unit_cflags)
tests_unit_test_vfio_device_LDADD = libgucvdev.la libgucproto.la $(CHECK_LIBS)

endif HAVE_CHECK
