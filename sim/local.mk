# Cards, PFs and VFs in one thread under virtual time.

noinst_LTLIBRARIES += libgucsim.la
libgucsim_la_SOURCES = \
	sim/card.c \
	sim/card.h \
	sim/lmem.c \
	sim/lmem.h \
	sim/random.h \
	sim/sim.c \
	sim/sim.h \
	sim/snapshot.c \
	sim/verb.c \
	sim/vf.c
