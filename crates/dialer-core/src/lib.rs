//! The dialer's decisions as pure machines: who may be called, when, from which number, and what a call's events mean.
//!
//! Time is a parameter everywhere and nothing here reads a clock, draws a random number or does I/O, so the same code
//! runs in the service and in a seeded simulation.

pub mod area_codes;
pub mod attempt;
pub mod call;
pub mod eligibility;
pub mod law;
pub mod phone_number;
pub mod plan;
pub mod seat;
