"""The archive at a million rows: insert rate over time, search, recall, size, beside plain LanceDB and FAISS."""
