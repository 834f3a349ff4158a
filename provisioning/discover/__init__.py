"""Finds cameras in a network: WS-Discovery, RTSP, and the list that is proposed of them."""
