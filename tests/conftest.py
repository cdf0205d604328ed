"""What all tests share: bounded, repeatable property tests."""

from hypothesis import settings

# The same examples on every machine and run; no deadline, because two tests may share a core with five others.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
