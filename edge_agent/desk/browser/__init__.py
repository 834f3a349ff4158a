"""A desk agent's door for browsers: a page of the console brings a file by pieces that the desk asks for."""
