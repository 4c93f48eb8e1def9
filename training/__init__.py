"""How the recogniser of worn lines was made: the wheel's network, trained further on lines drawn and worn here."""
