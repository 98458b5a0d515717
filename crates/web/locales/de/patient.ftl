# Die Seiten der Patienten.

my-for = Für
my-for-change = Jemand anderen wählen
my-nameless = Name nicht bekannt
my-visit = Sprechstunde
my-doctor = Arzt
my-service = Art des Termins
my-time = Zeit
my-price = Preis
my-when = Wann
my-what = Was
my-by = Wer
my-reason = Grund
my-status = Stand
my-again = Noch einmal versuchen
my-back = Zurück zum Termin
my-back-to-all = Alle meine Termine
my-moment = { $day }, { $time }
my-by-operator = Technischer Betrieb

my-price-no-plan = Kein Tarif gewählt.
my-price-choose-plan = Wählen Sie Ihren Tarif, um Preise zu sehen
my-price-of-plan = mit { $plan }
my-price-age = { $count ->
    [one] Stand vor einer Minute
   *[other] Stand vor { $count } Minuten
}
my-price-not-covered = Von { $plan } nicht abgedeckt
my-price-asking = Der Arzt wird gefragt …
my-price-silent = Der Arzt antwortet gerade nicht.
my-price-not-enrolled = Dieser Arzt nennt online keine Preise.
my-price-silent-more = Sie können trotzdem buchen.

deciding-title = Über einen Termin entscheiden
deciding-lead = Wir halten Ihnen diese Termine frei, während Sie entscheiden. Solange kann sie niemand sonst buchen.
deciding-kept = Für Sie freigehalten
deciding-until = bis { $time }
deciding-book = Buchen
deciding-release = Freigeben
deciding-more = Weitere freie Termine ansehen
deciding-empty = Für Sie wird kein Termin freigehalten.
deciding-empty-next = Wählen Sie einen freien Termin: Wir halten ihn fünf Minuten frei, damit Sie in Ruhe entscheiden können.
deciding-wanted = Der Termin, den Sie wollten
deciding-lapsed = Die Zeit zum Entscheiden ist vorbei
deciding-lapsed-next = Wir halten diesen Termin nicht mehr frei. Vielleicht ist er noch zu haben.
deciding-try-again = Noch einmal freihalten
deciding-forget = Ich brauche ihn nicht mehr

taken-title = Dieser Termin ist vergeben
taken-what = Jemand hat gerade den Termin um { $time } genommen.
taken-next = Die nächsten freien bei { $doctor } sind { $times }.
taken-others = { $doctor } hat keinen anderen freien Termin, andere Ärzte aber schon: siehe unten.
taken-none = Es gibt keinen anderen freien Termin dieser Art. Sehen Sie alle freien Termine an oder rufen Sie den Empfang an.
taken-list = { $first } und { $last }
taken-keep = Für mich freihalten
taken-other-doctors = Andere Ärzte
taken-all = Alle freien Termine ansehen

my-appointments-title = Meine Termine
my-to-come = Bevorstehend
my-past = Vergangen
my-cancelled = Abgesagt
my-none-to-come = Sie haben keinen bevorstehenden Termin.
my-none-to-come-next = Finden Sie einen freien Termin: Sie sehen den Preis für Ihren Tarif, bevor Sie buchen.
my-status-booked = Gebucht
my-status-arrived = Eingetroffen
my-status-done = Erledigt
my-status-no-show = Versäumt
my-status-cancelled = Abgesagt

my-appointment-title = Termin
my-move = Verschieben
my-cancel = Absagen
my-calendar = In den Kalender
my-calendar-summary = Termin bei { $doctor }
my-calendar-location = Gesundheitszentrum
my-estimate = Unterschriebener Kostenvoranschlag
my-estimate-hint = Eine Datei, die der Arzt unterschrieben hat: Jeder kann prüfen, dass dieser Preis zugesagt wurde.
my-history = Was geschehen ist
my-step-booked = Gebucht
my-step-moved = Verschoben
my-step-cancelled = Abgesagt
my-step-arrived = Als eingetroffen vermerkt
my-step-done = Als erledigt vermerkt
my-step-no-show = Als versäumt vermerkt
my-step-other = Geändert

my-estimate-title = Unterschriebener Kostenvoranschlag
my-estimate-no-plan = Es ist kein Tarif gewählt.
my-estimate-no-plan-next = Wählen Sie unter „Meine Daten“ Ihren Tarif; ein Kostenvoranschlag gilt für einen Tarif.
my-estimate-not-covered = Ihr Tarif deckt diesen Termin nicht ab.
my-estimate-not-covered-next = Fragen Sie am Empfang nach dem Preis, oder wählen Sie unter „Meine Daten“ einen anderen Tarif.
my-estimate-not-enrolled = Dieser Arzt unterschreibt online keine Kostenvoranschläge.
my-estimate-not-enrolled-next = Fragen Sie am Empfang nach dem Preis. Ihr Termin steht.
my-estimate-silent = Der Arzt antwortet gerade nicht.
my-estimate-silent-next = Versuchen Sie es in einer Minute noch einmal. Ihr Termin steht trotzdem.

my-cancel-title = Diesen Termin absagen?
my-cancel-lead = Sobald Sie absagen, ist der Termin für andere frei. Das lässt sich nicht rückgängig machen.
my-cancel-reason = Grund (freiwillig)
my-cancel-reason-hint = Der Empfang kann ihn lesen.
my-cancel-reason-wrong = Der Grund ist zu lang oder enthält Zeichen, die sich nicht anzeigen lassen. Kürzen Sie ihn, oder lassen Sie ihn weg.
my-cancel-now = Termin absagen
my-cancel-not = Termin behalten

my-move-title = Termin verschieben
my-move-now = Bisher:
my-move-lead = Ihr bisheriger Termin bleibt Ihnen, bis Sie den neuen haben.
my-move-from = Ab diesem Tag
my-move-show = Anzeigen
my-move-same = Freie Termine bei
my-move-none = Ab diesem Tag gibt es keinen freien Termin. Wählen Sie einen früheren Tag oder einen anderen Arzt.
my-move-here = Hierher verschieben
my-move-not = Nicht verschieben

me-title = Meine Daten
me-person = Wer Sie sind
me-name = Name
me-birth-date = Geburtsdatum
me-contact = Kontakt
me-unknown = Nicht bekannt
me-person-hint = Wenn etwas nicht stimmt, sagen Sie es am Empfang; dort wird es berichtigt.
me-household = Für wen
me-household-hint = Für wen möchten Sie buchen?
me-household-choose = Wählen
me-relation-myself = Sie selbst
me-relation-dependant = Sie handeln für diese Person
me-plan-title = Versicherungstarif
me-plan = Tarif
me-plan-hint = Die Ärzte nennen ihre Preise für diesen Tarif. Lassen Sie das Feld leer, um keine zu sehen.
me-plan-wrong = Der Name eines Tarifs ist ein Wort mit bis zu 64 Buchstaben, ohne Leerzeichen.
me-plan-choose = Tarif übernehmen
me-data = Was wir über Sie wissen
me-data-lead = Es sind Ihre Daten: Sehen Sie, wer sie angesehen hat, oder nehmen Sie alle als Datei mit.
me-export = Alle meine Daten herunterladen

access-title = Wer meine Daten angesehen hat
access-lead = Alle außer Ihnen, die diese Daten angesehen oder geändert haben; das Neueste zuerst.
access-none = Niemand.
access-none-next = Sobald es jemand tut, steht es hier.
access-book = Hat einen Termin gebucht.
access-cancel = Hat einen Termin abgesagt.
access-reschedule = Hat einen Termin verschoben.
access-mark = Hat den Stand eines Termins vermerkt.
access-hold = Hat Ihnen einen Termin freigehalten.
access-release = Hat einen für Sie freigehaltenen Termin freigegeben.
access-ticket = Hat für Sie einen Arzt nach dem Preis gefragt.
access-look-at-appointments = Hat Ihre Termine angesehen.
access-look-at-patient = Hat angesehen, wer Sie sind.
access-look-at-everything = Hat alles angesehen, was wir über Sie wissen.
access-look-at-sheet = Hat Ihren Namen im Tagesplan eines Arztes gesehen.
access-add-patient = Hat Sie als Patienten aufgenommen.
access-add-person = Hat Sie als Patienten aufgenommen.
access-change-person = Hat Ihre Angaben zur Person geändert.
access-choose-plan = Hat Ihren Tarif geändert.
access-add-dependant = Hat jemandem erlaubt, für Sie zu handeln.
access-invite = Hat einen Link erstellt, mit dem Sie Ihr Passwort wählen.
access-other = Hat etwas anderes mit Ihren Daten gemacht.

notice-my-booked = Ihr Termin ist gebucht.
notice-my-released = Der Termin ist freigegeben.
notice-my-cancelled = Ihr Termin ist abgesagt.
notice-my-moved = Ihr Termin ist verschoben.
notice-my-plan-chosen = Ihr Tarif ist gespeichert.
notice-my-plan-forgotten = Es ist kein Tarif mehr gespeichert.
notice-my-patient-chosen = Von jetzt an geht es auf diesen Seiten um die Person, die Sie gewählt haben.
