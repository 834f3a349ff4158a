"""SIP (RFC 3261) as GB/T 28181 uses it: messages, transactions, digest challenges and rates. No sockets."""
