"""What an installation needs before its first night, and the commands that check its audit."""
