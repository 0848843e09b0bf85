"""How what was spooled becomes rows: read, labelled, counted, judged, moved.

Owns the transaction that moves a batch with its watermark.
"""
