//! What the desktop and the dialer say to each other.
