//! The machines together: a floor that runs for days against a simulated Twilio.

mod simulation;
