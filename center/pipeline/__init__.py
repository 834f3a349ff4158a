"""The full chain (全链路), camera to query: gathers evidence, judges each stage by a pure function, keeps both."""
