"""The centre's database: engine, migrations, backup, and the lock of the one instance that writes."""
