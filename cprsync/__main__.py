"""Lets `python -m cprsync` run the same program as `cprsync`."""

from cprsync.cli.main import run

if __name__ == "__main__":
    run()
