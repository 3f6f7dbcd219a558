//! Public standards of telephone audio.
