"""Publishes observations, alarms, camera states and the assessment as events by MQTT 5 and through Kafka."""
