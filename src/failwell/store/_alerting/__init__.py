"""The tables of alerts: rules, what they look at, and the outbox.

Refuses to decide when to tell, which is `failwell.alerts`, and to send.
"""
