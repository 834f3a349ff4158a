"""Thirty cameras on one machine for as long as it takes: a real agent, a real redactor, a real Mosquitto."""
