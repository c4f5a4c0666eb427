# Drivers in another language, made from the schema and docs/protocol alone.
# Shipped, installed as documentation, and run against the real server.

pythonexamplesdir = $(docdir)/examples/python
dist_pythonexamples_DATA = \
	examples/python/README.md \
	examples/python/frames.py \
	examples/python/guc.py \
	examples/python/host.py
dist_pythonexamples_SCRIPTS = \
	examples/python/pf.py \
	examples/python/vf.py

EXTRA_DIST += tests/process/test_python.py tests/process/test_python.sh
TESTS += tests/process/test_python.sh

# Scenarios to start from.
scenarioexamplesdir = $(docdir)/examples/scenarios
dist_scenarioexamples_DATA = \
	examples/scenarios/boot.lua \
	examples/scenarios/fault.lua \
	examples/scenarios/forgotten.lua \
	examples/scenarios/migrate.lua \
	examples/scenarios/twice.lua
EXTRA_DIST += tests/ten-minutes.sh
