"""What people ask: lists, a group and its events, statistics, circuits.

Refuses to change anything but a token that is used up and an order that is given.
"""
