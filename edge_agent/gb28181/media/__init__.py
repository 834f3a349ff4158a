"""Media of GB/T 28181: RTP over UDP and TCP, program and transport streams, and the NAL units inside."""
