"""What is done to groups and to the store: triaged, merged, deleted, pruned, copied.

Each change writes its history in the same transaction.
"""
