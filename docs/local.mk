dist_man_MANS += docs/man/gucemu.1
EXTRA_DIST += \
	docs/protocol/actions.md \
	docs/protocol/klvs.md \
	docs/protocol/states.md \
	docs/architecture.md \
	docs/dependencies.md \
	docs/faults.md \
	docs/findings/0001-recovery-deadlock.md \
	docs/findings/0002-stale-ptes.md \
	docs/findings/0003-migrated-in-probe.md \
	docs/findings/0004-running-schedulers.md \
	docs/findings/0005-superseded-recovery.md \
	docs/findings/0006-reset-and-migration.md \
	docs/findings/0007-migrated-while-suspended.md \
	docs/findings/0008-query-runtime.md \
	docs/findings/0009-msix-report-pages.md \
	docs/findings/README.md \
	docs/performance.md \
	docs/linux.md \
	docs/scenarios.md \
	docs/ten-minutes.md \
	docs/protocol/checklist.md \
	docs/protocol/decisions.md \
	docs/protocol/engine-facts.md \
	docs/protocol/engine.md \
	docs/protocol/faults.md \
	docs/protocol/frames.md \
	docs/protocol/guc-abi.md \
	docs/protocol/trace.md \
	docs/protocol/vf-lifecycle.md \
	docs/protocol/xe-vf-probe.md

# Pages that are made from the sources and from the program's own tables; make
# check compares them (tests/checklist.sh, tests/pages.sh).
.PHONY: docs
docs: gucemu$(EXEEXT)
	$(AM_V_GEN)$(top_srcdir)/tests/checklist.sh --page $(top_srcdir) >page.tmp && \
		mv page.tmp $(top_srcdir)/docs/protocol/checklist.md
	$(AM_V_at)for page in actions klvs states; do \
		./gucemu$(EXEEXT) $$page --markdown >page.tmp && \
		mv page.tmp $(top_srcdir)/docs/protocol/$$page.md || exit 1; done
	$(AM_V_at){ sed '/<!-- printed -->/q' $(top_srcdir)/docs/scenarios.md && \
		./gucemu$(EXEEXT) run --reference; } >page.tmp && \
		mv page.tmp $(top_srcdir)/docs/scenarios.md
	$(AM_V_at)./gucemu$(EXEEXT) fault list --markdown >page.tmp && \
		mv page.tmp $(top_srcdir)/docs/protocol/faults.md
