"""How an answer looks: its status, its form, its headers and its bytes."""
