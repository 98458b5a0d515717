//! The virtual world: a whole clinic day, with everything going wrong that can, as the consequence of
//! one seed.
//!
//! There is no thread, no socket and no clock here. A heap holds what will happen, by its moment; the
//! state machines of `protocol` and `center` are driven as the shells of `net` and `runtime` drive
//! them, over a virtual network, and a real store keeps the bookings.
