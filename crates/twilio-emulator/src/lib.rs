//! A phone network in a box that Twilio's own SDKs talk to.
