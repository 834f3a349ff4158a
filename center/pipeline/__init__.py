"""The full chain (全链路), camera to answer: evidence is gathered, each stage judged by a pure function, and kept."""
