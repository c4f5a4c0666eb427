# Scenarios: Lua over the simulated world.

scenario_lua = \
	$(top_srcdir)/scenario/lua/base.lua \
	$(top_srcdir)/scenario/lua/expect.lua \
	$(top_srcdir)/scenario/lua/card.lua \
	$(top_srcdir)/scenario/lua/vf.lua \
	$(top_srcdir)/scenario/lua/raw.lua \
	$(top_srcdir)/scenario/lua/fault.lua
EXTRA_DIST += $(scenario_lua) scenario/embed.sh tests/scenario/misbehave.lua tests/scenario/words.lua

noinst_LTLIBRARIES += libgucscenario.la
libgucscenario_la_SOURCES = \
	scenario/actors.c \
	scenario/actors.h \
	scenario/args.c \
	scenario/core.c \
	scenario/events.c \
	scenario/events.h \
	scenario/jobs.c \
	scenario/names.c \
	scenario/pattern.c \
	scenario/pf_driver.c \
	scenario/pf_images.c \
	scenario/raw.c \
	scenario/real_cards.c \
	scenario/real_faults.c \
	scenario/real_look.c \
	scenario/real_own_pf.c \
	scenario/real_own_vf.c \
	scenario/real_pf.c \
	scenario/real_vfs.c \
	scenario/real_world.c \
	scenario/real_world.h \
	scenario/scenario.c \
	scenario/scenario.h \
	scenario/script.c \
	scenario/script.h \
	scenario/sim_cards.c \
	scenario/sim_faults.c \
	scenario/sim_snapshots.c \
	scenario/sim_vfs.c \
	scenario/sim_world.c \
	scenario/sim_world.h \
	scenario/vf_driver.c \
	scenario/wait.c
nodist_libgucscenario_la_SOURCES = scenario/prelude.h
libgucscenario_la_CPPFLAGS = $(AM_CPPFLAGS) $(LUA_CFLAGS) $(UV_CFLAGS) $(JSON_CFLAGS) \
	-D_GNU_SOURCE

scenario/script.lo scenario/libgucscenario_la-script.lo: scenario/prelude.h
BUILT_SOURCES += scenario/prelude.h
CLEANFILES += scenario/prelude.h
scenario/prelude.h: $(scenario_lua) $(top_srcdir)/scenario/embed.sh
	$(AM_V_GEN)$(MKDIR_P) scenario && $(top_srcdir)/scenario/embed.sh $(scenario_lua) >$@.tmp && \
		mv $@.tmp $@
