# Die Seiten des Empfangs.
