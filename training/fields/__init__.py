"""Business documents drawn by the thousand, with the place of every value, for the model that ranks candidates."""
