"""`python -m cprsync` is the same program."""

from cprsync.cli.main import run

if __name__ == "__main__":
    run()
