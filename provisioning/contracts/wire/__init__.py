"""Messages between agents and cluster over MQTT."""
