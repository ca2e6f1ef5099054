"""Where deliveries wait: a folder, or a server over SFTP.

Reads none of them.
"""
