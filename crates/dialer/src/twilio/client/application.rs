//! The TwiML application that the desktops' phones call, and where our numbers send their callers.

use serde::Deserialize;

use super::{Client, ClientError};

/// Any resource, by its name.
#[derive(Deserialize)]
struct Named {
    sid: String,
}

#[derive(Deserialize)]
struct Applications {
    applications: Vec<Named>,
}

#[derive(Deserialize)]
struct Numbers {
    incoming_phone_numbers: Vec<Named>,
}

impl Client {
    /// Sends the people who call one of our numbers to `voice_url`. False if the account does not own the number.
    ///
    /// # Errors
    ///
    /// See [`ClientError`].
    pub async fn point_number(&self, e164: &str, voice_url: &str) -> Result<bool, ClientError> {
        let request = self
            .http
            .get(self.url(&["IncomingPhoneNumbers.json"]))
            .query(&[("PhoneNumber", e164)]);
        let page: Numbers = self.send(request).await?;
        let Some(number) = page.incoming_phone_numbers.into_iter().next() else {
            return Ok(false);
        };
        let url = self.url(&["IncomingPhoneNumbers", &format!("{}.json", number.sid)]);
        let form = [("VoiceUrl", voice_url), ("VoiceMethod", "POST")];
        let _: Named = self.send(self.http.post(url).form(&form)).await?;
        Ok(true)
    }

    /// Makes sure that the TwiML application points to `voice_url`, and returns its SID.
    ///
    /// With a known SID that application is changed; else the one of this name is, or a new one is made.
    ///
    /// # Errors
    ///
    /// See [`ClientError`].
    pub async fn ensure_application(
        &self,
        name: &str,
        voice_url: &str,
        known_sid: Option<&str>,
    ) -> Result<String, ClientError> {
        let found = match known_sid {
            Some(sid) => Some(sid.to_owned()),
            None => self.find_application(name).await?,
        };
        let form = [
            ("FriendlyName", name),
            ("VoiceUrl", voice_url),
            ("VoiceMethod", "POST"),
        ];
        let url = match found {
            Some(sid) => self.url(&["Applications", &format!("{sid}.json")]),
            None => self.url(&["Applications.json"]),
        };
        let application: Named = self.send(self.http.post(url).form(&form)).await?;
        Ok(application.sid)
    }

    async fn find_application(&self, name: &str) -> Result<Option<String>, ClientError> {
        let request = self
            .http
            .get(self.url(&["Applications.json"]))
            .query(&[("FriendlyName", name)]);
        let page: Applications = self.send(request).await?;
        Ok(page
            .applications
            .into_iter()
            .next()
            .map(|application| application.sid))
    }
}
