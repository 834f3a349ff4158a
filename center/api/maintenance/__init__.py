"""Routes of maintenance orders: orders themselves, terms and roster, figures of a month."""
