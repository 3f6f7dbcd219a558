import twilio from "twilio";

/** A client of npm `twilio` whose requests go to the emulator: the library's own way is another HTTP client. */
export function clientOf(network, { sid, token, accountSid } = network.account) {
  class ToTheEmulator extends twilio.RequestClient {
    request(options) {
      const { pathname, search } = new URL(options.uri);
      return super.request({ ...options, uri: network.origin + pathname + search });
    }
  }
  return twilio(sid, token, { accountSid: accountSid ?? sid, httpClient: new ToTheEmulator() });
}

/** Expects the library's own error with Twilio's status and code. */
export async function refuses(status, code, ask) {
  let error;
  try {
    await ask();
  } catch (thrown) {
    error = thrown;
  }
  if (error?.status !== status || error?.code !== code || error?.name === undefined) {
    throw new Error(`expected ${status}/${code}, got ${error?.status}/${error?.code}: ${error?.message}`);
  }
  if (!error.moreInfo?.endsWith(`/${code}`)) throw new Error(`more_info is ${error.moreInfo}`);
  return error;
}

export function saw(what) {
  console.log("ok", what);
}
