"""Where deliveries wait: a folder, or a server over SFTP.

Does not read their content.
"""
