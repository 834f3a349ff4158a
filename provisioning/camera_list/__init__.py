"""A customer's list of cameras (CSV, XLSX), read line by line with errors by cell."""
