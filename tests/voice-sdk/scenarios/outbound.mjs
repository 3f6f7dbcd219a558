import assert from "node:assert/strict";
import { until } from "../until.mjs";

/** A rep calls into a room and talks to a prospect there, in either codec, and hangs up both ways. */
export async function run(stage) {
  await inCodec(stage, "opus");
  await inCodec(stage, "PCMU");
}

async function inCodec(stage, codec) {
  const { network, application, saw } = stage;
  const rep = await stage.rep({ codecPreferences: [codec.toLowerCase()] });
  saw("registered");
  const before = application.requests("/voice").length;
  const call = await rep.phone("connect", { seat: "seat 7" });
  const fetched = application.requests("/voice")[before];
  assert.equal(fetched.get("From"), "client:rep_1");
  assert.equal(fetched.get("seat"), "seat 7");
  saw(`outbound call ${call} is open`);

  await until("silence is sent like sound", async () => {
    const { packetsReceived } = (await rep.read("sample")) ?? {};
    return packetsReceived >= 45 && (await rep.phone("level")) < 0.002;
  });
  const prospect = await stage.callProspect();
  await stage.hearsTone(rep);
  await stage.hearsRep(prospect);
  await until("there is a sample", async () => (await rep.read("codec")) === codec);
  saw(`both ways in ${codec}`);
  await rep.phone("mute", true);
  await stage.hearsNothing(prospect);
  await rep.phone("mute", false);
  await stage.hearsRep(prospect);

  await rep.phone("sendDigits", "12");
  const digits = async () =>
    (await network.events("digit")).filter((event) => event.call === call).map((event) => event.digit);
  await until("both digits", async () => (await digits()).join("") === "12");
  saw("digits 12 arrived");

  await rep.phone("hangUp");
  await stage.ended(call);
  await stage.ended(prospect);
  saw("hung up by the page: both legs ended");
  const again = await rep.phone("connect", {});
  await network.post(`Calls/${again}.json`, { Status: "completed" });
  await until("the page was hung up", async () => (await rep.phone("status")) === "closed");
  saw("hung up by the network: the page was told");
  assert.deepEqual(await rep.read("errors"), []);
  await rep.browser.close();
}
