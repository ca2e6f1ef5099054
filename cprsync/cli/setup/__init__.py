"""What an installation needs before its first night: its files, its certificates, its store, and its timers.

Whether it has all of it is asked by `doctor`, in `trust`.
"""
