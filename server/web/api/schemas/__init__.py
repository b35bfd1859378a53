"""Bodies of /v1: what is read, what is answered, with the keys that clients of ODK Central know."""
