"""Settings of the property tests."""

from hypothesis import settings

# No deadline: on a busy machine it fails tests that have nothing wrong.
settings.register_profile("portway", deadline=None, max_examples=60)
settings.load_profile("portway")
