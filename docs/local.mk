dist_man_MANS += docs/man/gucemu.1
EXTRA_DIST += \
	docs/architecture.md \
	docs/dependencies.md \
	docs/protocol/decisions.md \
	docs/protocol/engine-facts.md \
	docs/protocol/frames.md \
	docs/protocol/guc-abi.md \
	docs/protocol/vf-lifecycle.md \
	docs/protocol/xe-vf-probe.md
