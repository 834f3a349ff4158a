"""What a machine's look is worth: type, colour, and finding it again."""
