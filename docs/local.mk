dist_man_MANS += docs/man/gucemu.1
EXTRA_DIST += \
	docs/architecture.md \
	docs/dependencies.md \
	docs/protocol/checklist.md \
	docs/protocol/decisions.md \
	docs/protocol/engine-facts.md \
	docs/protocol/frames.md \
	docs/protocol/guc-abi.md \
	docs/protocol/vf-lifecycle.md \
	docs/protocol/xe-vf-probe.md

# Pages that are made from the sources; make check compares them.
.PHONY: docs
docs:
	$(AM_V_GEN)$(top_srcdir)/tests/checklist.sh --page $(top_srcdir) >checklist.tmp && \
		mv checklist.tmp $(top_srcdir)/docs/protocol/checklist.md
