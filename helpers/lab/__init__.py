"""The Lab: `session.py` holds all state and knows no widget; `view.py` hands over what a person does, and shows it."""
