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

# Einen Termin finden.

slots-filter = Was Sie suchen
slots-doctor = Arzt oder Ärztin
slots-any-doctor = Alle
slots-specialty = Fachgebiet
slots-any-specialty = Alle Fachgebiete
slots-service = Art des Besuchs
slots-any-service = Alle Arten
slots-day = Ab
slots-time = Tageszeit
slots-time-any = Jederzeit
slots-time-morning = Vormittag, bis 12:00
slots-time-afternoon = Nachmittag, 12:00 bis 17:00
slots-time-evening = Abend, ab 17:00
slots-show = Termine zeigen
slots-everything = Alles zeigen
slots-gone = Etwas, wonach Sie suchen, wird nicht mehr angeboten.
slots-gone-next = Hier ist, was es ohne diese Auswahl gibt. Wählen Sie neu, wenn es nicht passt.
slots-log-in = Melden Sie sich an, um den Preis jeder Praxis für Ihren Tarif zu sehen.
slots-for = Sie suchen für
slots-for-somebody = eine Person Ihres Haushalts
slots-plan = Die Preise nennen die Praxen selbst, für Ihren Tarif
slots-plan-other = Anderen Tarif wählen
slots-plan-choose = Wählen Sie Ihren Tarif, um den Preis jeder Praxis zu sehen.
slots-views = Darstellung der Termine
slots-view-list = Früheste zuerst
slots-view-week = Nach Wochen
slots-keep = 5 Minuten freihalten
slots-keep-hint = Der Termin bleibt für Sie frei, während Sie sich entscheiden. Gebucht ist erst, was Sie bestätigen.
slots-week-hint = Wählen Sie eine Uhrzeit: Sie bleibt 5 Minuten für Sie frei, während Sie sich entscheiden. Gebucht ist erst, was Sie bestätigen.
slots-minutes = { $count } Min.
slots-pages = Weitere Ergebnisse
slots-later = Spätere Termine
slots-earliest = Zurück zu den frühesten
slots-no-more = Spätere Termine gibt es nicht. Gehen Sie zurück zu den frühesten, oder suchen Sie etwas anderes.
slots-weeks = Wochen
slots-week-title = { $from } – { $until }
slots-week-before = Die Woche davor
slots-week-after = Die Woche danach
slots-week-none = In dieser Woche ist nichts frei.
slots-week-next = Der nächste freie Tag ist
slots-week-never = In den nächsten drei Monaten ist nichts frei. Fragen Sie bitte am Empfang nach.
slots-day-none = Nichts frei
slots-more-times =
    { $count ->
        [one] 1 weitere Uhrzeit
       *[other] { $count } weitere Uhrzeiten
    }
slots-doctors-more = Weitere Ärzte und Ärztinnen
slots-doctors-first = Zurück zu den ersten
slots-none = Dazu ist nichts frei.
slots-none-next = Versuchen Sie es mit einem anderen Tag, einer anderen Tageszeit oder Praxis, oder rufen Sie am Empfang an: Manchmal wird ein Termin frei.
slots-none-same = Die nächsten freien Termine bei dieser Auswahl
slots-none-anybody = Die nächsten freien Termine bei allen
service-visit = Besuch

# Preise neben den Terminen.

price-not-covered = Ihr Tarif deckt das nicht
price-asking = Die Praxis wird gefragt …
price-silent = Die Praxis antwortet gerade nicht; buchen können Sie trotzdem
price-not-enrolled = Kein Preis: Diese Praxis nennt online keinen
price-reload = Noch einmal nachsehen
price-age =
    { $count ->
        [one] Stand: vor 1 Minute
       *[other] Stand: vor { $count } Minuten
    }
