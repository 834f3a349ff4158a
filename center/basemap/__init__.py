"""The ground of the console's maps: the world, what the configuration names, and the imported map."""
