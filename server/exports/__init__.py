"""One file per format; given iterators, never a session."""
