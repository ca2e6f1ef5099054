"""The SFTP server with its keys and boxes.

Writes no delivery.
"""
