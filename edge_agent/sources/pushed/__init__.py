"""Pictures that cameras push, by GA/T 1400 or into a drop folder, as a source of frames."""
