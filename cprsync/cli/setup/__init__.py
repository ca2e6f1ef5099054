"""What an installation needs before its first night, and whether its audit holds."""
