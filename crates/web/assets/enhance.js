// Every page works without this; it only makes some smoother.
"use strict";
