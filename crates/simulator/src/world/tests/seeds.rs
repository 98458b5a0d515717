//! Seeds that have found something: each stays, named after what it was.
