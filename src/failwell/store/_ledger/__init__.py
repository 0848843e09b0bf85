"""What is written down along the way: watermarks, releases, users, history, happenings.

Owns each of these tables alone; several rooms write to them through it.
"""
