noinst_LTLIBRARIES += libguchost.la
libguchost_la_SOURCES = \
	host/ct.c \
	host/ct.h \
	host/ct_priv.h \
	host/ct_receive.c \
	host/lmem.h \
	host/mailbox.c \
	host/mailbox.h \
	host/pages.c \
	host/pages.h \
	host/port.h
