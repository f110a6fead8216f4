"""Training, compiled: from weights in a larger layer, over the networks and their compilation, to a whole run."""
