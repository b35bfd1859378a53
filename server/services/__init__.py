"""What people do, one verb per file; the only home of commit()."""
