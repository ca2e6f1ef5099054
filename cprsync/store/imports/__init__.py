"""Match an import's rows with the store, and write what they bring.

Reads no file.
"""
