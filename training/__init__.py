"""How the recogniser of degraded lines was made: the wheel's network, trained further on drawn lines."""
