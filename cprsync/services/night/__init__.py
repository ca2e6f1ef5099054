"""The night from its first step to its report; the same night on paper, and the ones to come.

Each step's work lives in the room of its capability.
"""
