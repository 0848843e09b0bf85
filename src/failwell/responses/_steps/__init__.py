"""Work in several steps: transactions, batches that fail in part, what is undone."""
