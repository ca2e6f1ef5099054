"""A person as the register tells of them: number, name, address, status, protection, and the codes they are told in.

Imports no other room. What the library itself keeps of a patron lives in `domain.patron`.
"""
