import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const SDK = new URL("../../node_modules/@twilio/voice-sdk/dist/twilio.js", import.meta.url);
const ROOM = `<Response><Dial><Conference beep="false" waitUrl="" endConferenceOnExit="true">seat-7</Conference></Dial></Response>`;

/** The customer's web server: TwiML at /voice, the test page at /. */
export async function startApplication() {
  const received = [];
  const answers = { "/voice": ROOM };
  const page = await readFile(new URL("page.html", import.meta.url));
  const sdk = await readFile(SDK);
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const reply = (type, content) => response.writeHead(200, { "content-type": type }).end(content);
    received.push({ path: request.url, params: new URLSearchParams(body) });
    if (request.url in answers) reply("text/xml", answers[request.url]);
    else if (request.url === "/twilio.js") reply("text/javascript", sdk);
    else if (request.url === "/silence.wav") reply("audio/wav", silence());
    else if (request.url === "/message") response.writeHead(204).end();
    else reply("text/html", page);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: (path) => `http://127.0.0.1:${server.address().port}${path}`,
    /** What `path` says from now on. */
    answer: (path, twiml) => (answers[path] = twiml),
    requests: (path) => received.filter((request) => request.path === path).map((request) => request.params),
    stop: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

/** A tenth of a second of nothing, for the SDK's sounds. */
function silence() {
  const data = Buffer.alloc(1600);
  const header = Buffer.from(`RIFF....WAVEfmt ${".".repeat(20)}data....`, "latin1");
  header.writeUInt32LE(36 + data.length, 4);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(16000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.writeUInt32LE(data.length, 40);
  return Buffer.concat([header, data]);
}
