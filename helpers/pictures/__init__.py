"""The pictures: what all of them share, then one file for each."""
