import assert from "node:assert/strict";
import express from "express";
import twilio from "twilio";
import { clientOf, saw } from "./sdk.mjs";
import { FROM, TO } from "./calls.mjs";
import { until } from "../voice-sdk/until.mjs";

/** Webhooks at a server of Express behind Twilio's own middleware, as most applications have it. */
export async function checkExpress({ network, client }) {
  const server = await startServer(network.account.token);
  try {
    await network.put("personas/" + TO, { persona: "brisk" });
    await checkForms(server, client);
    await checkJson(server, network);
    await checkRotatedToken(server, network, client);
    await checkForgeries(server);
  } finally {
    await server.stop();
  }
  saw("express: the middleware takes real webhooks and no others");
}

async function startServer(token) {
  const tokens = { current: token };
  const received = [];
  const app = express();
  const keep = (request, _response, bytes) => (request.rawBody = bytes.toString());
  app.use(express.urlencoded({ extended: false }), express.json({ verify: keep }));
  app.use((request, response, next) => {
    response.on("finish", () => {
      const { path, method, body, headers, originalUrl } = request;
      received.push({ path, method, body, originalUrl, headers, status: response.statusCode });
    });
    // A token may change while the server runs.
    twilio.webhook(tokens.current)(request, response, next);
  });
  app.all("/voice", (_request, response) => {
    const twiml = new twilio.twiml.VoiceResponse();
    twiml.say("Hello from Express");
    response.type("text/xml").send(twiml.toString());
  });
  app.use((_request, response) => response.sendStatus(204));
  const listener = await new Promise((resolve) => {
    const started = app.listen(0, "127.0.0.1", () => resolve(started));
  });
  const origin = `http://127.0.0.1:${listener.address().port}`;
  return {
    tokens,
    origin,
    at: (path) => received.filter((request) => request.path === path),
    stop: () =>
      new Promise((resolve) => {
        listener.close(resolve);
        listener.closeAllConnections();
      }),
  };
}

/** Whatever the middleware took, the library's three validators take too. */
function assertTaken({ tokens, origin }, request) {
  assert.equal(request.status < 300, true, `${request.method} ${request.originalUrl}: ${request.status}`);
  const signature = request.headers["x-twilio-signature"];
  const url = origin + request.originalUrl;
  const { host } = request.headers;
  const like = { ...request, protocol: "http", header: (name) => request.headers[name.toLowerCase()] };
  assert.ok(twilio.validateIncomingRequest(like, tokens.current, { protocol: "http", host }));
  const params = request.method === "GET" ? {} : request.body;
  assert.ok(twilio.validateRequest(tokens.current, signature, url, params));
  assert.ok(!twilio.validateRequest("another token", signature, url, params));
}

async function checkForms(server, client) {
  for (const method of ["POST", "GET"]) {
    const query = `a=1&b=${method}&%C3%A9=%2B`;
    const call = await client.calls.create({
      to: TO,
      from: FROM,
      url: `${server.origin}/voice?${query}`,
      method,
      statusCallback: `${server.origin}/status/${method}?x=%20y`,
      statusCallbackMethod: method,
      statusCallbackEvent: ["initiated", "ringing", "answered", "completed"],
    });
    const path = `/status/${method}`;
    await until(`${method} callbacks came`, () => server.at(path).length === 4);
    for (const request of server.at(path)) assertTaken(server, request);
    const fetched = server.at("/voice").find((request) => request.method === method);
    assertTaken(server, fetched);
    const notes = await client.calls(call.sid).notifications.list();
    assert.deepEqual(notes, []);
  }
}

async function checkJson(server, network) {
  const json = { hello: "wörld", list: [1, 2] };
  await network.control("webhooks", { url: `${server.origin}/json?a=b`, json });
  await until("JSON came", () => server.at("/json").length === 1);
  const [request] = server.at("/json");
  assert.equal(request.status, 204);
  assert.deepEqual(request.body, json);
  const signature = request.headers["x-twilio-signature"];
  const url = server.origin + request.originalUrl;
  const text = JSON.stringify(json);
  assert.ok(twilio.validateRequestWithBody(server.tokens.current, signature, url, text));
  assert.ok(!twilio.validateRequestWithBody(server.tokens.current, signature, url, text + " "));
}

/** A subaccount signs with its own token, and with the new one once that is promoted. */
async function checkRotatedToken(server, network, client) {
  const account = await client.api.accounts.create({ friendlyName: "for Express" });
  const own = clientOf(network, { sid: account.sid, token: account.authToken });
  const number = await own.incomingPhoneNumbers.create({ phoneNumber: "+16175550177" });
  const place = (through, path) =>
    through.calls.create({ to: TO, from: number.phoneNumber, url: server.origin + path });
  const main = server.tokens.current;
  server.tokens.current = account.authToken;
  await place(own, "/before");
  await until("the first token signed", () => server.at("/before").some((it) => it.status === 204));
  assertTaken(server, server.at("/before")[0]);

  await own.accounts.v1.secondaryAuthToken().create();
  const promoted = await own.accounts.v1.authTokenPromotion().update();
  server.tokens.current = promoted.authToken;
  await place(clientOf(network, { sid: account.sid, token: promoted.authToken }), "/after");
  await until("the new token signed", () => server.at("/after").some((it) => it.status === 204));
  server.tokens.current = main;
}

async function checkForgeries(server) {
  const post = (headers) =>
    fetch(server.origin + "/forged", {
      method: "POST",
      headers,
      body: new URLSearchParams({ CallSid: "CA0" }),
    });
  assert.equal((await post({})).status, 400);
  assert.equal((await post({ "x-twilio-signature": "AAAA" })).status, 403);
}
