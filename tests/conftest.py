"""What holds for every test: a machine at work on other things makes none of them red."""

from __future__ import annotations

from hypothesis import settings

# An example is judged by what it shows, never by how long it took (performance is measured in the benchmarks).
settings.register_profile("cprsync", deadline=None)
settings.load_profile("cprsync")
