# Die Seiten des Patienten.
