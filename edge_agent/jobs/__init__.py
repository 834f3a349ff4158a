"""Jobs that the centre orders: to fetch a span of recordings, or to look at a live stream more often for some hours."""
