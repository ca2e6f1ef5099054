"""The JSON API of the desk: the same use cases as the pages and the commands, for programs.

Each answer is the document that the command prints with `--json`, held to a closed model. Only `serve` and `openapi`
load this package: FastAPI takes a quarter of a second. Leaves out every rule: see `services`.
"""
