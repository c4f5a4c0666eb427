dist_man_MANS += docs/man/gucemu.1
EXTRA_DIST += \
	docs/architecture.md \
	docs/dependencies.md \
	docs/protocol/decisions.md \
	docs/protocol/frames.md
