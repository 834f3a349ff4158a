"""Pages of alarms and of the rules that raise them."""
