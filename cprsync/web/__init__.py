"""The desk in a browser: pages that call the same use cases as the commands. Server-rendered; no rule lives here.

Leaves out the texts, which are in the catalogue `desk`, and everything that decides: see `services`.
"""
