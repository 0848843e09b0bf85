"""Who ships, when, and in which order.

Refuses to know how a batch is stored.
"""
