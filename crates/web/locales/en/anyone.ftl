# Pages that need no log-in.

slots-title = Find a slot
log-in-title = Log in
log-in-user = User name
log-in-password = Password
log-in-one-time = One-time code
log-in-one-time-hint = Staff only: the six digits that your authenticator shows.
demo-title = Log-ins of this demonstration
demo-role = Who
notice-logged-out = You are logged out.

# Choosing a password with a link.

password-title = Choose a password
password-for = For the user name
password-new = New password
password-again = The same once more
password-choose = Choose this password
password-policy = { $min } to { $max } characters, in whatever words you like. Not your user name, not the name of this program, none of the passwords that everybody tries first.
password-differs = The two passwords are not the same.
password-short = This password is too short.
password-long = This password is too long.
password-common = This password is one of those that everybody tries first.
password-user-name = Your user name is no password.
password-product = The name of this program is no password.
password-have-one = I have a password: log in
notice-password-chosen = Your password is chosen. Log in with it.
