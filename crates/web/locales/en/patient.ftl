# The patient’s pages.

my-for = For
my-for-change = Choose somebody else
my-nameless = No name known
my-visit = Visit
my-doctor = Doctor
my-service = Kind of visit
my-time = Time
my-price = Price
my-when = When
my-what = What
my-by = Who
my-reason = Reason
my-status = Status
my-again = Try again
my-back = Back to the appointment
my-back-to-all = All my appointments
my-moment = { $day }, { $time }
my-by-operator = Technical operator

my-price-no-plan = No plan chosen.
my-price-choose-plan = Choose your plan to see prices
my-price-of-plan = with { $plan }
my-price-age = { $count ->
    [one] as of a minute ago
   *[other] as of { $count } minutes ago
}
my-price-not-covered = Not covered by { $plan }
my-price-asking = Asking the doctor …
my-price-silent = The doctor does not answer right now.
my-price-not-enrolled = This doctor does not tell prices online.
my-price-silent-more = You can book all the same.

deciding-title = Decide on a slot
deciding-lead = We keep these slots for you while you decide. Nobody else can book them meanwhile.
deciding-kept = Kept for you
deciding-until = until { $time }
deciding-book = Book
deciding-release = Release
deciding-more = See more free slots
deciding-empty = No slot is being kept for you.
deciding-empty-next = Choose a free slot: we keep it for five minutes, so that you can decide in peace.
deciding-wanted = The slot you wanted
deciding-lapsed = The time to decide is over
deciding-lapsed-next = We no longer keep this slot. Perhaps it is still free.
deciding-try-again = Keep it for me again
deciding-forget = I do not need it any more

taken-title = This slot is taken
taken-what = Someone has just taken { $time }.
taken-next = The next free ones with { $doctor } are { $times }.
taken-others = { $doctor } has no other free slot, but other doctors do: see below.
taken-none = There is no other free slot of this kind. Look at all free slots, or call the front desk.
taken-list = { $first } and { $last }
taken-keep = Keep for me
taken-other-doctors = Other doctors
taken-all = See all free slots

my-appointments-title = My appointments
my-to-come = To come
my-past = Past
my-cancelled = Cancelled
my-none-to-come = You have no appointment to come.
my-none-to-come-next = Find a free slot: you see the price under your plan before you book.
my-status-booked = Booked
my-status-arrived = Arrived
my-status-done = Done
my-status-no-show = Missed
my-status-cancelled = Cancelled

my-appointment-title = Appointment
my-move = Move
my-cancel = Cancel
my-calendar = Add to calendar
my-calendar-summary = Visit to { $doctor }
my-calendar-location = Health center
my-estimate = Signed estimate
my-estimate-hint = A file that the doctor has signed: anybody can check that the price was promised.
my-history = What happened
my-step-booked = Booked
my-step-moved = Moved
my-step-cancelled = Cancelled
my-step-arrived = Marked as arrived
my-step-done = Marked as done
my-step-no-show = Marked as missed
my-step-other = Changed

my-estimate-title = Signed estimate
my-estimate-no-plan = No plan is chosen.
my-estimate-no-plan-next = Choose your plan under “My data”; an estimate is made for a plan.
my-estimate-not-covered = Your plan does not cover this visit.
my-estimate-not-covered-next = Ask the front desk what the visit costs, or choose another plan under “My data”.
my-estimate-not-enrolled = This doctor does not sign estimates online.
my-estimate-not-enrolled-next = Ask the front desk what the visit costs. Your appointment stands.
my-estimate-silent = The doctor does not answer right now.
my-estimate-silent-next = Try again in a minute. Your appointment stands all the same.

my-cancel-title = Cancel this appointment?
my-cancel-lead = The slot is free for others as soon as you cancel. This cannot be undone.
my-cancel-reason = Reason (optional)
my-cancel-reason-hint = The front desk can read it.
my-cancel-reason-wrong = The reason is too long, or has characters that cannot be shown. Shorten it, or leave it out.
my-cancel-now = Cancel the appointment
my-cancel-not = Keep the appointment

my-move-title = Move the appointment
my-move-now = Now:
my-move-lead = Your slot stays yours until the new one is.
my-move-from = From this day on
my-move-show = Show
my-move-same = Free slots with
my-move-none = There is no free slot from this day on. Choose an earlier day, or another doctor.
my-move-here = Move here
my-move-not = Do not move it

me-title = My data
me-person = Who you are
me-name = Name
me-birth-date = Date of birth
me-contact = Contact
me-unknown = Not known
me-person-hint = If something is wrong, tell the front desk: they correct it.
me-household = For whom
me-household-hint = For whom do you want to book?
me-household-choose = Choose
me-relation-myself = yourself
me-relation-dependant = you act for this person
me-plan-title = Insurance plan
me-plan = Plan
me-plan-hint = Doctors name their prices for this plan. Leave it empty to see none.
me-plan-wrong = A plan’s name is one word of up to 64 letters, without spaces.
me-plan-choose = Keep this plan
me-data = What we know about you
me-data-lead = It is your data: see who has looked at it, or take all of it along as a file.
me-export = Download all my data

access-title = Who looked at my data
access-lead = Everybody but you who has looked at this data or changed it, the latest first.
access-none = Nobody has.
access-none-next = As soon as somebody does, it stands here.
access-book = Booked an appointment.
access-cancel = Cancelled an appointment.
access-reschedule = Moved an appointment.
access-mark = Noted where an appointment stands.
access-hold = Kept a slot for you.
access-release = Released a slot kept for you.
access-ticket = Asked a doctor for a price for you.
access-look-at-appointments = Looked at your appointments.
access-look-at-patient = Looked at who you are.
access-look-at-everything = Looked at everything we know about you.
access-look-at-sheet = Saw your name on a doctor’s sheet.
access-add-patient = Added you as a patient.
access-add-person = Added you as a patient.
access-change-person = Changed who you are.
access-choose-plan = Changed your plan.
access-add-dependant = Let somebody act for you.
access-invite = Made a link to choose your password.
access-other = Did something else with your data.

notice-my-booked = Your appointment is booked.
notice-my-released = The slot is released.
notice-my-cancelled = Your appointment is cancelled.
notice-my-moved = Your appointment is moved.
notice-my-plan-chosen = Your plan is kept.
notice-my-plan-forgotten = No plan is kept any more.
notice-my-patient-chosen = From now on these pages are about the person you chose.
