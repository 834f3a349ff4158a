"""Elements that several pages draw: tables, maps, pictures, charts."""
