"""Reading the parts of a request into what a view works with."""
