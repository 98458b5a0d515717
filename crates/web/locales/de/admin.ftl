# Die Seiten der Verwaltung.
