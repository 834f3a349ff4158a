"""Routes of alarms, of the rules that raise them and of the tactics that a district shares."""
