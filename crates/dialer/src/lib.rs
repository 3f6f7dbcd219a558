//! The cloud dialer.
