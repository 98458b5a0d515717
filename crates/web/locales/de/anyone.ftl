# Seiten ohne Anmeldung.

slots-title = Termin finden
log-in-title = Anmelden
log-in-user = Benutzername
log-in-password = Passwort
log-in-one-time = Einmalcode
log-in-one-time-hint = Nur Mitarbeiter: die sechs Ziffern, die Ihr Authenticator zeigt.
demo-title = Zugänge dieser Vorführung
demo-role = Wer
notice-logged-out = Sie sind abgemeldet.

# Ein Passwort mit einem Link wählen.

password-title = Passwort wählen
password-for = Für den Benutzernamen
password-new = Neues Passwort
password-again = Noch einmal dasselbe
password-choose = Dieses Passwort wählen
password-policy = { $min } bis { $max } Zeichen, gern mehrere Wörter. Nicht Ihr Benutzername, nicht der Name dieses Programms und keines der Passwörter, die jeder zuerst versucht.
password-differs = Die beiden Passwörter sind nicht gleich.
password-short = Dieses Passwort ist zu kurz.
password-long = Dieses Passwort ist zu lang.
password-common = Dieses Passwort gehört zu denen, die jeder zuerst versucht.
password-user-name = Ihr Benutzername ist kein Passwort.
password-product = Der Name dieses Programms ist kein Passwort.
password-have-one = Ich habe ein Passwort: anmelden
notice-password-chosen = Ihr Passwort ist gewählt. Melden Sie sich damit an.
