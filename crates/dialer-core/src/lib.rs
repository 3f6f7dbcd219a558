//! The dialer's decisions as pure machines.
