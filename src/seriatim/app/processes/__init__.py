"""Several processes on one machine: who starts them, keeps them alive, restarts and stops them."""
