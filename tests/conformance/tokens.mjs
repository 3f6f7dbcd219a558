import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { get } from "node:http";
import twilio from "twilio";
import { saw } from "./sdk.mjs";
import { until } from "../voice-sdk/until.mjs";

/** An access token made by npm `twilio` opens signalling; one of a deleted key does not. */
export async function checkTokens({ network, application, client }) {
  const app = await client.applications.create({
    friendlyName: "voice",
    voiceUrl: application.url("/voice"),
  });
  const { sid, keySid, keySecret } = network.account;
  assert.equal(await listen(network, token(sid, keySid, keySecret, app.sid)), "connected");
  const key = await client.newKeys.create({ friendlyName: "for tokens" });
  const made = token(sid, key.sid, key.secret, app.sid);
  assert.equal(await listen(network, made), "connected");
  await client.keys(key.sid).remove();
  assert.equal(await listen(network, made), "error");
  saw("AccessToken: opens signalling, with its key only");
}

function token(accountSid, keySid, secret, applicationSid) {
  const { AccessToken } = twilio.jwt;
  const made = new AccessToken(accountSid, keySid, secret, { identity: "agent_1", ttl: 600 });
  made.addGrant(new AccessToken.VoiceGrant({ outgoingApplicationSid: applicationSid, incomingAllow: true }));
  return made.toJwt();
}

/** Says `listen` as the Voice SDK does and gives the type of the answer. Node 20 has no WebSocket of its own. */
async function listen(network, jwt) {
  const payload = { token: jwt, browserinfo: { plugin: "rtc" } };
  const text = Buffer.from(JSON.stringify({ type: "listen", version: "1.6", payload }));
  const request = get(`${network.origin}/signal`, {
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": randomBytes(16).toString("base64"),
    },
  });
  const [, socket, early] = await once(request, "upgrade");
  // A final text frame of medium length, masked with zeros.
  const head = Buffer.from([0x81, 0x80 | 126, text.length >> 8, text.length & 255, 0, 0, 0, 0]);
  socket.write(Buffer.concat([head, text]));
  let received = early.toString("latin1");
  socket.on("data", (data) => (received += data.toString("latin1")));
  const answer = await until("signalling answers", async () => /"type":"(\w+)"/.exec(received));
  socket.destroy();
  return answer[1];
}
