"""Cases: what may be asked of the archive about one stolen machine, by whom, where and until when."""
