import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import twilio from "twilio";
import { saw } from "./sdk.mjs";

const { VoiceResponse } = twilio.twiml;
const HOOK = "https://example.com/hook";
const RECORDED = {
  recordingStatusCallback: HOOK,
  recordingStatusCallbackMethod: "POST",
  recordingStatusCallbackEvent: ["in-progress", "completed", "absent"],
};
const PROGRESS = {
  statusCallback: HOOK,
  statusCallbackMethod: "POST",
  statusCallbackEvent: ["initiated", "ringing", "answered", "completed"],
};
const AMD = {
  machineDetection: "DetectMessageEnd",
  machineDetectionTimeout: 30,
  machineDetectionSpeechThreshold: 2400,
  machineDetectionSpeechEndThreshold: 1200,
  machineDetectionSilenceTimeout: 5000,
  amdStatusCallback: HOOK,
  amdStatusCallbackMethod: "POST",
};
const DIAL = {
  action: HOOK,
  method: "POST",
  timeout: 20,
  timeLimit: 600,
  callerId: "+12025550100",
  answerOnBridge: true,
  hangupOnStar: true,
  record: "record-from-answer-dual",
  recordingTrack: "both",
  trim: "do-not-trim",
  ringTone: "us",
  sequential: true,
  referUrl: HOOK,
  referMethod: "POST",
  events: "call-progress-event",
  recordingConfigurationId: "a-configuration",
  passports: "eyJhbGciOiJFUzI1NiJ9",
  ...RECORDED,
};

/** Every verb and noun with every attribute, as Twilio's own builder writes them. */
const DOCUMENTS = {
  say: (r) => r.say({ voice: "Polly.Joanna", language: "en-US", loop: 2 }, "Hello"),
  speechMarkup: (r) => {
    const say = r.say({ voice: "Polly.Joanna" });
    say.break({ strength: "weak", time: "100ms" });
    say.emphasis({ level: "moderate" }, "Really");
  },
  play: (r) => r.play({ loop: 3 }, "https://example.com/a.wav"),
  keys: (r) => r.play({ digits: "1w2W#*A" }),
  pause: (r) => r.pause({ length: 5 }),
  gather: (r) => {
    const gather = r.gather({
      action: HOOK,
      method: "GET",
      input: ["dtmf", "speech"],
      timeout: 3,
      speechTimeout: "auto",
      maxSpeechTime: 30,
      numDigits: 4,
      finishOnKey: "#",
      actionOnEmptyResult: true,
      hints: "yes, no",
      language: "en-US",
      speechModel: "phone_call",
      enhanced: true,
      debug: false,
      profanityFilter: false,
      partialResultCallback: HOOK,
      partialResultCallbackMethod: "POST",
      bargeIn: true,
    });
    gather.say("Press or say something");
    gather.play("https://example.com/a.wav");
    gather.pause({ length: 1 });
  },
  record: (r) =>
    r.record({
      action: HOOK,
      method: "POST",
      timeout: 10,
      finishOnKey: "*",
      maxLength: 60,
      playBeep: true,
      trim: "do-not-trim",
      transcribe: false,
      transcribeCallback: HOOK,
      recordingConfigurationId: "a-configuration",
      ...RECORDED,
    }),
  plainDial: (r) => r.dial({ callerId: "+12025550100" }, "+13125550142"),
  number: (r) => {
    const dial = r.dial(DIAL);
    dial.number({ url: HOOK, method: "POST", byoc: "BY1", ...PROGRESS, ...AMD }, "+13125550142");
    dial.number({ sendDigits: "wwww1928" }, "+13125550143");
  },
  client: (r) => {
    const client = r.dial(DIAL).client({ url: HOOK, method: "POST", ...PROGRESS });
    client.identity("rep_1");
    client.parameter({ name: "lead", value: "7" });
  },
  sip: (r) =>
    r
      .dial(DIAL)
      .sip(
        { url: HOOK, method: "POST", username: "u", password: "p", ...PROGRESS, ...AMD },
        "sip:a@example.com",
      ),
  conference: (r) =>
    r.dial({ action: HOOK }).conference(
      {
        muted: true,
        beep: "onEnter",
        startConferenceOnEnter: false,
        endConferenceOnExit: true,
        participantLabel: "rep",
        jitterBufferSize: "small",
        waitUrl: "",
        waitMethod: "GET",
        maxParticipants: 10,
        record: "record-from-start",
        trim: "trim-silence",
        coach: "CA00000000000000000000000000000001",
        region: "us1",
        statusCallback: HOOK,
        statusCallbackMethod: "POST",
        statusCallbackEvent: [
          "start",
          "end",
          "join",
          "leave",
          "mute",
          "hold",
          "modify",
          "speaker",
          "announcement",
        ],
        eventCallbackUrl: HOOK,
        recordingConfigurationId: "a-configuration",
        ...RECORDED,
      },
      "room 7",
    ),
  queue: (r) =>
    r.dial().queue({ url: HOOK, method: "POST", reservationSid: "WR1", postWorkActivitySid: "WA1" }, "sales"),
  enqueue: (r) =>
    r.enqueue(
      { action: HOOK, method: "POST", maxQueueSize: 10, waitUrl: HOOK, waitUrlMethod: "GET" },
      "sales",
    ),
  workflow: (r) => r.enqueue({ workflowSid: "WW1" }).task({ priority: 1, timeout: 10 }, "{}"),
  leave: (r) => r.leave(),
  redirect: (r) => r.redirect({ method: "GET" }, HOOK),
  reject: (r) => r.reject({ reason: "busy" }),
  hangup: (r) => r.hangup(),
  startRecording: (r) =>
    r.start({ action: HOOK, method: "POST" }).recording({
      channels: "dual",
      track: "both",
      trim: "do-not-trim",
      recordingConfigurationId: "a-configuration",
      ...RECORDED,
    }),
};

/** What is changed in a document, and the code of the warning that must follow. */
const MUTATIONS = [
  ["say", 'loop="2"', 'loop="often"', 13510],
  ["say", "Say", "say", 12200],
  ["play", 'loop="3"', 'loop="-1"', 13410],
  ["pause", 'length="5"', 'length="long"', 13910],
  ["pause", "length=", "lenght=", 12200],
  ["gather", 'numDigits="4"', 'numDigits="four"', 13314],
  ["gather", 'timeout="3"', 'timeout="soon"', 13313],
  ["gather", 'finishOnKey="#"', 'finishOnKey="x"', 13310],
  ["gather", '<Pause length="1"/>', "<Hangup/>", 13320],
  ["gather", '<Pause length="1"/>', '<Play digits="1"/>', 13320],
  ["client", ">rep_1<", ">rep 1<", 12200],
  ["client", ">rep_1<", `>${"x".repeat(257)}<`, 12200],
  ["client", ">rep_1<", "><", 12200],
  ["record", 'maxLength="60"', 'maxLength="0"', 13612],
  ["record", 'playBeep="true"', 'playBeep="loud"', 13616],
  ["number", 'timeout="20"', 'timeout="3"', 13212],
  ["number", 'hangupOnStar="true"', 'hangupOnStar="yes"', 13213],
  ["number", 'timeLimit="600"', 'timeLimit="no"', 13216],
  ["number", 'record="record-from-answer-dual"', 'record="always"', 13217],
  ["number", 'sendDigits="wwww1928"', 'sendDigits="12-34"', 13222],
  ["number", 'machineDetectionTimeout="30"', 'machineDetectionTimeout="5000"', 21263],
  ["sip", "sip:a@example.com", "a@example.com", 13243],
  ["conference", 'beep="onEnter"', 'beep="maybe"', 13235],
  ["conference", 'muted="true"', 'muted="1"', 13230],
  ["conference", "room 7", "", 13237],
  ["queue", "sales", "", 14212],
  ["enqueue", "sales", "x".repeat(65), 14205],
  ["redirect", 'method="GET"', 'method="PUT"', 13710],
  ["reject", 'reason="busy"', 'reason="tired"', 12200],
  ["hangup", "<Hangup/>", "<Hangup/><Shout/>", 12200],
];

/** Elements of the contract, and those of them whose attributes are the business of another product. */
const ELEMENTS = [
  "Say",
  "Play",
  "Pause",
  "Gather",
  "Record",
  "Dial",
  "Number",
  "Client",
  "Sip",
  "Conference",
  "Queue",
  "Enqueue",
  "Redirect",
  "Reject",
  "Start",
  "Recording",
];

/** Attributes that may hold any text. */
const ANY_TEXT = new Set(
  "voice language hints speechModel callerId participantLabel coach reservationSid postWorkActivitySid workflowSid"
    .concat(" byoc username password waitUrl passports recordingConfigurationId")
    .split(" "),
);

/** The attributes of an element, and the words each may be, as the builder's declarations have them. */
function declared(element) {
  const file = createRequire(import.meta.url).resolve("twilio/lib/twiml/VoiceResponse.d.ts");
  const types = readFileSync(file, "utf8");
  const body = new RegExp(`interface ${element}Attributes \\{([^}]*)\\}`).exec(types)[1];
  return [...body.matchAll(/^ +(\w+)\?: ([^;]+);/gm)].map(([, name, type]) => {
    const alias = /VoiceResponse\.(\w+)|^(\w+)(\[\])?$/.exec(type);
    const words = new RegExp(`type ${alias?.[1] ?? alias?.[2]} = ("[^;]+);`).exec(types)?.[1] ?? "";
    return { name, words: [...words.matchAll(/"([^"]+)"/g)].map(([, word]) => word) };
  });
}

/** Every attribute that the builder declares is written, every word for it is taken, and any other is noted. */
async function checkEveryAttribute(built, notes) {
  const written = Object.values(built).join("\n");
  let attributes = 0;
  for (const element of ELEMENTS) {
    for (const { name, words } of declared(element)) {
      const use = new RegExp(`<${element}(?: [^>]*)? ${name}="([^"]*)"`).exec(written);
      assert.ok(use, `<${element} ${name}> is not tried`);
      const document = Object.values(built).find((text) => text.includes(use[0]));
      const put = (value, as = name) =>
        document.replace(use[0], use[0].slice(0, -(name.length + use[1].length + 3)) + `${as}="${value}"`);
      for (const word of words)
        assert.deepEqual(await notes(put(word)), [], `<${element} ${name}="${word}">`);
      const renamed = (await notes(put(use[1], `${name}s`))).map((note) => note.code);
      assert.ok(renamed.includes(12200), `<${element} ${name}s>: ${renamed}`);
      const nonsense = await notes(put("no sense at all"));
      assert.equal(nonsense.length > 0, !ANY_TEXT.has(name), `<${element} ${name}="no sense at all">`);
      attributes += 1;
    }
  }
  saw(
    `TwiML: ${attributes} attributes of ${ELEMENTS.length} elements with every word they take, and none else`,
  );
}

/** TwiML: what Twilio's builder writes is accepted without a word, and what is wrong is noted by its code. */
export async function checkTwiml({ network }) {
  const { sid, token } = network.account;
  const authorization = "Basic " + Buffer.from(`${sid}:${token}`).toString("base64");
  const notes = async (body) => {
    const url = `http://${network.host}/emulator/twiml/check`;
    const response = await fetch(url, { method: "POST", body, headers: { authorization } });
    assert.equal(response.status, 200);
    return (await response.json()).notifications;
  };
  const built = {};
  for (const [name, build] of Object.entries(DOCUMENTS)) {
    const response = new VoiceResponse();
    build(response);
    built[name] = response.toString();
    assert.deepEqual(await notes(built[name]), [], `${name}: ${built[name]}`);
  }
  await checkEveryAttribute(built, notes);
  for (const [name, from, to, code] of MUTATIONS) {
    assert.ok(built[name].includes(from), `${from} in ${built[name]}`);
    const mutated = built[name].replaceAll(from, to);
    const codes = (await notes(mutated)).map((note) => note.code);
    assert.ok(codes.includes(code), `${code} for ${mutated}, got ${codes}`);
  }
  assert.deepEqual(
    (await notes("<Response><Say>")).map((note) => note.code),
    [12100],
  );
  assert.deepEqual(
    (await notes("<Answer/>")).map((note) => note.code),
    [12102],
  );
}
