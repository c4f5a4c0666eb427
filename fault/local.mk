# Fault rules.

EXTRA_DIST += fault/fault.h
