import { until } from "../until.mjs";

/** A rep waits to music, is held with it, and hears who comes in. */
export async function run(stage) {
  const { network, application } = stage;
  application.answer("/voice", "<Response><Dial><Conference>hall</Conference></Dial></Response>");
  const rep = await stage.rep();
  const call = await rep.phone("connect", {});
  await rep.phone("mute", true);
  for (const note of [262, 330, 392, 262]) await stage.hears(rep, [note]);
  stage.saw("music until somebody comes, over and over");

  await network.put("personas/+13125550143", { persona: "listener" });
  const prospect = await stage.callProspect();
  await stage.hears(rep, [440]);
  const { conference_sid: conference } = await network.leg(call);
  const participant = `Conferences/${conference}/Participants/${call}.json`;
  await network.post(participant, { Hold: "true" });
  for (const note of [262, 330, 392, 262]) await stage.hears(rep, [note]);
  stage.saw("music while held, over and over");
  await network.post(participant, { Hold: "false" });
  await stage.hearsTone(rep);

  await network.post(`Conferences/${conference}/Participants/${prospect}.json`, { Muted: "true" });
  await until("it is quiet", async () => (await rep.phone("level")) < 0.002);
  const beep = stage.hears(rep, [440]);
  await network.post("Calls.json", {
    To: "+13125550143",
    From: "+12025550100",
    Url: application.url("/voice"),
  });
  await beep;
  stage.saw("a beep tells that somebody came in");
}
