"""The server: people, storage, criteria and the web, standing on `forms` and `sync`."""
