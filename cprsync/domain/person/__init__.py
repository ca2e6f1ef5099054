"""A person as the register describes them: number, name, address, status, protection, and the register's codes.

Imports no other room. `domain.patron` has what the library itself keeps about a patron.
"""
