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
