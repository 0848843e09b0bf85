"""Where the tables are: their columns, engines and versions, and statements in bulk.

Refuses to know what the tables are for.
"""
