import { until } from "../until.mjs";

/** Page and application exchange messages beside the call; what is not allowed comes back as an error. */
export async function run(stage) {
  const { network, application, saw } = stage;
  const rep = await stage.rep();
  const call = await rep.phone("connect", {});
  await network.post(`Calls/${call}/UserDefinedMessageSubscriptions.json`, {
    Callback: application.url("/message"),
  });
  const sid = await rep.phone("sendMessage", { mood: "good" });
  await until("the message was sent", async () => (await rep.read("sent")).includes(sid));
  const told = await until("the application is told", () => application.requests("/message")[0]);
  if (told.get("Content") !== '{"mood":"good"}') throw new Error(`content: ${told.get("Content")}`);
  saw("a message of the page reached the application");

  await network.post(`Calls/${call}/UserDefinedMessages.json`, { Content: '{"lead":7}' });
  await until("the page is told", async () => (await rep.read("messages"))[0]?.lead === 7);
  saw("a message of the application reached the page");

  const error = (code) =>
    until(`error ${code}`, async () => (await rep.read("errors")).some((text) => text.startsWith(code)));
  await rep.phone("sendMessage", {}, "gossip");
  await error("31210");
  await rep.phone("sendMessage", { long: "x".repeat(10_001) });
  await error("31212");
  saw("an unknown type is 31210, too much is 31212");
}
