"""The only home of SQLAlchemy: one noun per file, its tables and its queries."""
