"""dcfoot: the energy, water and carbon of AI computing, rung by rung."""
