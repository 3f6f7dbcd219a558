// Every error code of the Voice SDK as a plain sentence that says what to do.

/** What a failure of the phone means to the rep. */
export type Trouble = {
  message: string;
  /** `soon`: tries again by itself. `ask`: only the rep can help, so it waits for them. */
  retry: "soon" | "ask";
};

const NETWORK: Trouble = {
  message: "The phone network can't be reached. Check your internet connection; it tries again by itself.",
  retry: "soon",
};
const SIGN_IN: Trouble = {
  message:
    "The phone's sign-in is no longer valid. It is being renewed; if this stays, sign out and in again.",
  retry: "soon",
};
const REFUSED: Trouble = {
  message:
    "The phone service refused the call. It tries again by itself; if this stays, tell your administrator.",
  retry: "soon",
};
const SET_UP: Trouble = {
  message: "The phone service is not set up for your seat. Tell your administrator, then try again.",
  retry: "ask",
};
const MEDIA: Trouble = {
  message: "The audio connection could not be made. It tries again by itself; a firewall may be in the way.",
  retry: "soon",
};
const BUSY: Trouble = {
  message: "The phone service is busy. It tries again by itself.",
  retry: "soon",
};
const MESSAGE: Trouble = {
  message: "A message to the phone service was not accepted. Your call goes on.",
  retry: "soon",
};

const BY_CODE: Readonly<Record<number, Trouble>> = {
  20101: SIGN_IN,
  20104: SIGN_IN,
  20151: SIGN_IN,
  31000: NETWORK,
  31001: SET_UP,
  31002: REFUSED,
  31003: NETWORK,
  31005: NETWORK,
  31008: REFUSED,
  31009: NETWORK,
  31100: REFUSED,
  31101: REFUSED,
  31102: SIGN_IN,
  31103: REFUSED,
  31104: REFUSED,
  31105: SET_UP,
  31107: REFUSED,
  31201: SIGN_IN,
  31202: SIGN_IN,
  31203: SET_UP,
  31204: SIGN_IN,
  31205: SIGN_IN,
  31206: BUSY,
  31207: SIGN_IN,
  31209: REFUSED,
  31210: MESSAGE,
  31212: MESSAGE,
  31400: REFUSED,
  31401: {
    message:
      "Offhook may not use your microphone. Allow it in the system's privacy settings, then try again.",
    retry: "ask",
  },
  31402: {
    message:
      "Your microphone could not be opened. Plug it in, or close the program that uses it, then try again.",
    retry: "ask",
  },
  31404: SET_UP,
  31480: BUSY,
  31486: BUSY,
  31603: REFUSED,
  53000: NETWORK,
  53001: NETWORK,
  53400: MEDIA,
  53402: MEDIA,
  53405: MEDIA,
};

const UNKNOWN: Trouble = {
  message: "The phone stopped working. It tries again by itself; if this stays, restart Offhook.",
  retry: "soon",
};

/** What to tell the rep about anything the phone threw or emitted. */
export function troubleOf(error: unknown): Trouble {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  if (typeof code === "number") return BY_CODE[code] ?? UNKNOWN;
  // A refusal of our own backend already carries a sentence.
  if (typeof code === "string" && error instanceof Error) return { message: error.message, retry: "soon" };
  return error instanceof PhoneFault ? error.trouble : UNKNOWN;
}

/** A failure that the phone itself found. */
export class PhoneFault extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble.message);
    this.name = "PhoneFault";
  }
}

/** The room did not answer in time. */
export const NO_ANSWER: Trouble = NETWORK;
