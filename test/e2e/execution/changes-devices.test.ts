import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import type { StoredMessage, StoredView } from "../../../sandbox/slack/index.ts";
import { createLogger } from "../../../src/log/log.ts";
import { POLICY } from "../../../sandbox/workspace.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  callsTo,
  cardWhere,
  CHANNELS,
  finishedThread,
  newEphemeral,
  PEOPLE,
  press,
  type,
  wordsOf,
} from "../../support/harness.ts";
import { PICK_DEVICE } from "../../../src/views/look-ups/devices.ts";
import {
  accessIdOf,
  addOthers,
  approve,
  boxesOf,
  openFormBy,
  privateAnswer,
  newAnswer,
  newModal,
  OTHERS,
  pick,
  sendForm,
  startScene,
  tick,
  type Scene,
} from "../support.ts";

const { alice, carol } = PEOPLE;
const MALLORY = "mallory@example.com";

interface Device {
  id: string;
  name: string;
  isActive: boolean;
}

/** The registrations of somebody, as Cloudflare has them. */
function devicesOf(scene: Scene, email: string): Device[] {
  const owner = accessIdOf(scene, email);
  return scene.cloudflare.state.registrations
    .filter((one) => one.userId === owner)
    .map(({ id, deviceName, revokedAt }) => ({ id, name: deviceName, isActive: revokedAt === null }));
}

function activeNames(scene: Scene, email: string): string[] {
  return devicesOf(scene, email).flatMap(({ name, isActive }) => (isActive ? [name] : []));
}

function deviceNamed(scene: Scene, name: string): Device {
  const found = devicesOf(scene, MALLORY).find((one) => one.name === name);
  if (found === undefined) throw new Error(`Mallory has no ${name}`);
  return found;
}

const MACBOOK = "Mallory's MacBook Pro";
const DESKTOP = "DESKTOP-7QK2M1";
const OLD_PHONE = "Mallory's old iPhone";

const card = ({ slack }: Scene, headline: string): Promise<StoredMessage> =>
  cardWhere(slack, (words) => words.includes(headline));

/** The message under a request that has this button. */
function resultWith({ slack }: Scene, of: StoredMessage, button: string): StoredMessage {
  const result = slack
    .thread(of.channel, of.ts)
    .find((message) => slack.visibleText(message).includes(button));
  if (result === undefined) throw new Error(`the result does not offer ${button}`);
  return result;
}

const undoMessage = (scene: Scene, of: StoredMessage): StoredMessage => resultWith(scene, of, "Undo…");

/** Presses Undo under the result of a request. */
function undo(scene: Scene, of: StoredMessage, user: string = alice): Promise<StoredView> {
  return openFormUnder(scene, undoMessage(scene, of), user);
}

/** Presses Restore devices under the result of a request. */
function openRestore(scene: Scene, of: StoredMessage): Promise<StoredView> {
  return openFormUnder(scene, resultWith(scene, of, "Restore devices…"), alice);
}

function openFormUnder({ slack }: Scene, { channel, ts }: StoredMessage, user: string): Promise<StoredView> {
  return newModal(slack, user, () =>
    slack.click({ user, channel, ts, actionId: "form:restore-devices:undo" }),
  );
}

describe("a revocation of somebody with their devices", () => {
  it(
    "offers to restore those devices that went with it, and says which these are",
    { tags: ["slow"] },
    async () => {
      const scene = await startScene();
      const { slack, cloudflare } = scene;
      const old = cloudflare.state.registrations.find(({ deviceName }) => deviceName === OLD_PHONE);
      expect(old?.revokedAt).toBeLessThan(cloudflare.now() - 3_600_000);
      await answerTo(slack, alice, `revoke ${MALLORY} --devices --reason laptop stolen`);
      const asked = await card(scene, "Revoke all sessions and devices of mallory");
      expect(wordsOf(slack, asked)).toContain("Revoked devices can be restored");
      expect(await approve(slack, asked)).toContain("verified at");
      expect(activeNames(scene, MALLORY)).toEqual([]);

      const form = await openRestore(scene, asked);
      expect(slack.visibleText(form)).toMatch(
        /Ticked: 2 devices revoked while ZT-\w{7} was carried out \(.* UTC to .* UTC\)\. The others were revoked at another time\./,
      );
      const devices = boxesOf(form).filter(({ value }) => value !== "all");
      const named = (isTicked: boolean): string[] =>
        devices.filter((box) => box.isTicked === isTicked).map(({ text }) => text);
      expect(named(true).toSorted()).toEqual([DESKTOP, MACBOOK].toSorted());
      expect(named(false)).toEqual([OLD_PHONE]);
      await sendForm(slack, alice, form, {
        ...tick(form, ({ isTicked }) => isTicked),
        reason: { reason: "the laptop was found" },
      });
      expect(await approve(slack, await card(scene, "Restore 2 devices"), carol)).toContain("verified at");
      expect(activeNames(scene, MALLORY).toSorted()).toEqual([DESKTOP, MACBOOK].toSorted());
    },
  );

  it("says so in the form when none of the revoked devices went with it", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    await answerTo(slack, alice, `revoke ${MALLORY} --devices --reason laptop stolen`);
    const asked = await card(scene, "Revoke all sessions and devices of mallory");
    await approve(slack, asked);
    for (const one of cloudflare.state.registrations)
      if (one.revokedAt !== null) one.revokedAt = cloudflare.now() + 3_600_000;
    const form = await openRestore(scene, asked);
    expect(slack.visibleText(form)).toContain("None of these was revoked while ZT-");
    expect(boxesOf(form).filter(({ isTicked }) => isTicked)).toEqual([]);
  });

  it(
    "offers nothing to restore where only the sessions were ended, or where several people are meant",
    { tags: ["slow"] },
    async () => {
      const scene = await startScene();
      const { slack } = scene;
      await answerTo(slack, alice, `revoke ${MALLORY} --reason laptop stolen`);
      const asked = await card(scene, "Revoke all sessions of mallory");
      expect(await approve(slack, asked)).not.toContain("Restore devices");
      await answerTo(slack, alice, `revoke ${MALLORY} dana@example.com --devices --reason laptops stolen`);
      const several = await card(scene, "Revoke all sessions and devices of 2 users");
      expect(await approve(slack, several)).not.toContain("Restore devices…");
    },
  );
});

describe("/zt revoke-devices", () => {
  it("with an id revokes that registration alone and checks that it is gone", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const { id } = deviceNamed(scene, DESKTOP);
    const { words } = await answerTo(
      slack,
      alice,
      `revoke-devices ${MALLORY} ${id} --reason enrolled from Brazil`,
    );
    expect(words).toContain(`Requested: Revoke 1 device of ${MALLORY}`);
    const asked = await card(scene, "Revoke 1 device");
    const onCard = wordsOf(slack, asked);
    expect(onCard).toContain(`Revokes the registration of ${DESKTOP}`);
    expect(onCard).toContain("Reason enrolled from Brazil");
    expect(onCard).toContain("Signing in on the device registers it again");
    expect(onCard).toContain("Can be undone");
    expect(onCard).not.toContain("deprecated");

    const thread = await approve(slack, asked);
    expect(thread).toContain(`Calling Cloudflare: registrations/revoke for 1 device of ${MALLORY}`);
    expect(thread).toContain("✅ Revoked 1 device, verified at");
    expect(activeNames(scene, MALLORY)).toEqual([MACBOOK]);
    expect(callsTo(cloudflare, "POST", "/").map(({ path, query }) => [path, query])).toEqual([
      [`/accounts/${cloudflare.accountId}/devices/registrations/revoke`, { id }],
    ]);
  });

  it("with --all revokes every one that is registered", async () => {
    const scene = await startScene();
    await answerTo(scene.slack, alice, `revoke-devices ${MALLORY} —all —reason laptop stolen`);
    const asked = await card(scene, "Revoke 2 devices");
    expect(wordsOf(scene.slack, asked)).toContain(DESKTOP);
    expect(wordsOf(scene.slack, asked)).not.toContain(OLD_PHONE);
    expect(await approve(scene.slack, asked)).toContain("✅ Revoked 2 devices, verified at");
    expect(activeNames(scene, MALLORY)).toEqual([]);
  });

  it("sends more than 200 in batches, and means all of them however many there are", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    for (let index = 0; index < 520; index += 1)
      cloudflare.registerDevice(MALLORY, { name: `kiosk-${index}` });
    const form = await openFormBy(slack, alice, `revoke-devices ${MALLORY}`);
    expect(slack.visibleText(form)).toContain("All of them: 522 devices");
    expect(slack.visibleText(form)).toContain(
      "462 devices more are not listed: tick all, or name ids in the command",
    );
    await sendForm(slack, alice, form, {
      ...tick(form, ({ value }) => value === "all"),
      reason: { reason: "x" },
    });
    const asked = await card(scene, "Revoke 522 devices");
    expect(wordsOf(slack, asked)).toContain("and 517 more");
    expect(await approve(slack, asked)).toContain("✅ Revoked 522 devices, verified at");
    expect(
      callsTo(cloudflare, "POST", "registrations/revoke").map(({ query }) => [query["id"]].flat().length),
    ).toEqual([200, 200, 122]);
    expect(activeNames(scene, MALLORY)).toEqual([]);

    // More than a form can list, and exactly those that were revoked.
    const undoing = await undo(scene, asked);
    expect(boxesOf(undoing).filter(({ isTicked }) => isTicked)).toHaveLength(60);
    expect(slack.visibleText(undoing)).toContain("463 devices more are not listed (462 of them chosen)");
  });

  it("says what Cloudflare still shows when not all are gone", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    await answerTo(slack, alice, `revoke-devices ${MALLORY} --all --reason x`);
    const asked = await card(scene, "Revoke 2 devices");
    // Taken, and without effect.
    cloudflare.faults.set("registrations.revoke", {
      kind: "status",
      status: 200,
      body: { success: true, errors: [], messages: [], result: null },
    });
    const thread = await approve(slack, asked);
    expect(thread).toContain("not confirmed: 2 of 2 devices not revoked");
    expect(thread).toContain("Not yet: ");
    expect(thread).toContain("request it again if it is not done");
    expect(activeNames(scene, MALLORY)).toHaveLength(2);
  });
});

describe("the form to revoke devices", () => {
  it("first asks whom it is about, then which devices, ten a group", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const first = await openFormBy(slack, alice, "revoke-devices --reason fleet is being wiped");
    expect(slack.visibleText(first)).toContain("Next");
    expect(boxesOf(first)).toEqual([]);
    const form = await sendForm(slack, alice, first, await pick(slack, alice, first, "devon"));
    expect(slack.visibleText(form)).toContain("Devon Fleet");
    expect(slack.visibleText(form)).toContain("fleet is being wiped");
    expect(slack.visibleText(form)).toContain("Devices 11 to 14");
    expect(boxesOf(form).map(({ group, isTicked }) => [group, isTicked])).toEqual([
      ["all", false],
      ...Array.from({ length: 10 }, () => ["device:0", false]),
      ...Array.from({ length: 4 }, () => ["device:1", false]),
    ]);
    expect(slack.visibleText(form)).not.toContain("retired-1");

    const nothing = await slack.submitView({ user: alice, viewId: form.id, values: {} });
    expect(nothing.errors).toEqual({ all: "Tick all of them, or at least one device below." });

    const wanted = ["lab-02", "lab-07", "lab-13"];
    const done = await sendForm(
      slack,
      alice,
      form,
      tick(form, ({ text }) => wanted.includes(text)),
    );
    expect(slack.visibleText(done)).toContain("Requested: Revoke 3 devices of devon@example.com");
    const asked = await card(scene, "Revoke 3 devices");
    for (const name of wanted) expect(wordsOf(slack, asked)).toContain(name);
    expect(wordsOf(slack, asked)).toContain("fleet is being wiped");
    expect(await approve(slack, asked, carol)).toContain("✅ Revoked 3 devices, verified at");
    expect(activeNames(scene, "devon@example.com")).toHaveLength(11);
  });
});

describe("the form to revoke devices", () => {
  it("comes back with what was ticked and written when a device has gone since, and names it", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const form = await openFormBy(slack, alice, `revoke-devices ${MALLORY}`);
    const { id } = deviceNamed(scene, DESKTOP);
    for (const one of cloudflare.state.registrations) if (one.id === id) one.revokedAt = Date.now();
    const back = await sendForm(slack, alice, form, {
      ...tick(form, ({ group }) => group !== "all"),
      reason: { reason: "laptop stolen" },
    });
    const words = slack.visibleText(back);
    expect(words).toContain(`No active registration of this user has the id ${id}.`);
    expect(words).toContain("laptop stolen");
    expect(words).toContain("1 device of those chosen is no longer registered, or deleted");
    expect(boxesOf(back).map(({ text, isTicked }) => [text, isTicked])).toEqual([
      ["All of them: 1 device", false],
      [MACBOOK, true],
    ]);
    await sendForm(slack, alice, back);
    expect(wordsOf(slack, await card(scene, "Revoke 1 device"))).toContain(MACBOOK);
  });

  it("is opened from /zt devices with the one device ticked that was picked there", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const devices = await newAnswer(scene, () => type(slack, alice, `devices ${MALLORY}`));
    const [one] = cloudflare.state.registrations.filter(
      ({ userId, revokedAt }) => userId === accessIdOf(scene, MALLORY) && revokedAt === null,
    );
    if (one === undefined) throw new Error("no device");
    const choose = () =>
      slack.click({
        user: alice,
        channel: devices.channel,
        ts: devices.ts,
        actionId: PICK_DEVICE,
        value: `device=${one.id}`,
      });
    const form = await newModal(slack, alice, choose);
    expect(boxesOf(form).flatMap(({ value, isTicked }) => (isTicked ? [value] : []))).toEqual([one.id]);
    await sendForm(slack, alice, form, { reason: { reason: "stolen" } });
    expect(wordsOf(slack, await card(scene, "Revoke 1 device"))).toContain("stolen");
    cloudflare.state.registrations = [];
    expect(slack.visibleText(await newModal(slack, alice, choose))).toContain("no longer registered");
  });

  it("asks to try again, and keeps the reason, while the devices can't be read", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const form = await openFormBy(slack, alice, `revoke-devices ${MALLORY}`);
    cloudflare.faults.set("registrations.list", { kind: "status", status: 403 });
    const back = await sendForm(slack, alice, form, {
      ...tick(form, ({ value }) => value === "all"),
      reason: { reason: "laptop stolen" },
    });
    expect(slack.visibleText(back)).toContain("Can't read devices: ");
    expect(slack.visibleText(back)).toContain("Try again");
    expect(boxesOf(back)).toEqual([]);
    cloudflare.faults.clear();
    const again = await sendForm(slack, alice, back);
    expect(slack.visibleText(again)).toContain("laptop stolen");
    expect(boxesOf(again)).toHaveLength(3);
    expect(slack.messages(CHANNELS.approvals)).toEqual([]);
  });

  it("of somebody without a device says so, and has nothing to send", async () => {
    const { slack } = await startScene();
    for (const [text, words] of [
      ["revoke-devices quentin@example.com", "This user has no registered device."],
      ["restore-devices quentin@example.com", "no revoked device to restore"],
    ] as const) {
      const form = await openFormBy(slack, alice, text);
      expect(slack.visibleText(form)).toContain(words);
      expect(form.submit).toBeNull();
      await slack.closeView({ user: alice, viewId: form.id });
    }
  });

  it("takes names of 300 letters, from right to left, of emoji and of markup", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const names = [
      "x".repeat(300),
      "\u202Eתירבע ‮ اسم",
      "👩🏽‍🚒".repeat(60),
      "<!channel> *bold* `rm` & <https://evil.example|bank>",
      "\u200F",
    ];
    for (const name of names) cloudflare.registerDevice("bobby.tables@example.com", { name });
    const form = await openFormBy(slack, alice, "revoke-devices bobby.tables@example.com");
    await sendForm(slack, alice, form, {
      ...tick(form, ({ value }) => value === "all"),
      reason: { reason: "<!here> `x` ‮" },
    });
    const asked = await card(scene, "of bobby.tables@example.com");
    expect(wordsOf(slack, asked)).toContain("<!channel> ∗bold∗");
    expect(wordsOf(slack, asked)).not.toContain("@channel");
    expect(await approve(slack, asked)).toContain("verified at");
  });
});

describe("Undo on the result of a device revocation", () => {
  it("opens the form with exactly those ticked, and they are registered again", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    await answerTo(slack, alice, `revoke-devices ${MALLORY} --all --reason laptop stolen`);
    const revoked = await card(scene, "Revoke 2 devices");
    await approve(slack, revoked);

    const form = await undo(scene, revoked);
    expect(slack.visibleText(form)).toContain("This restores access");
    expect(boxesOf(form).map(({ text, isTicked }) => [text, isTicked])).toEqual([
      ["All of them: 3 devices", false],
      [MACBOOK, true],
      [DESKTOP, true],
      [OLD_PHONE, false],
    ]);
    await sendForm(slack, alice, form, { reason: { reason: "laptop was under the sofa" } });
    const asked = await card(scene, "Restore 2 devices");
    expect(wordsOf(slack, asked)).toContain(`Restores ${MACBOOK}, ${DESKTOP}`);
    expect(wordsOf(slack, asked)).toContain("🔓 This restores access");
    const thread = await approve(slack, asked);
    expect(thread).toContain("✅ Restored 2 devices, verified at");
    expect(activeNames(scene, MALLORY).toSorted()).toEqual([DESKTOP, MACBOOK]);
    expect(callsTo(cloudflare, "POST", "registrations/unrevoke")).toHaveLength(1);

    // Pressed once more: what is not revoked any more is not offered, and that is said.
    const again = await undo(scene, revoked);
    expect(boxesOf(again).map(({ text, isTicked }) => [text, isTicked])).toEqual([
      ["All of them: 1 device", false],
      [OLD_PHONE, false],
    ]);
    expect(slack.visibleText(again)).toContain("2 devices of those chosen are no longer revoked");
  });

  it("is no authority: who may not ask is refused", async () => {
    const scene = await startScene();
    const { slack } = scene;
    addOthers(slack);
    await answerTo(slack, alice, `revoke-devices ${MALLORY} --all --reason laptop stolen`);
    const revoked = await card(scene, "Revoke 2 devices");
    await approve(slack, revoked);
    const { channel, ts } = undoMessage(scene, revoked);
    const press = { user: OTHERS.nobody, channel, ts, actionId: "form:restore-devices:undo" };
    const words = await privateAnswer(slack, OTHERS.nobody, () => slack.click(press));
    expect(words).toContain("You can't use /zt restore-devices.");
    expect(slack.views(OTHERS.nobody)).toEqual([]);
  });

  it("is not there where nothing was revoked", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    await answerTo(slack, alice, `revoke-devices ${MALLORY} --all --reason laptop stolen`);
    cloudflare.faults.set("registrations.revoke", { kind: "status", status: 403 });
    expect(await approve(slack, await card(scene, "Revoke 2 devices"))).not.toContain("Undo…");
  });
});

describe("/zt restore-devices", () => {
  it("by command restores what is named, and says which did not come back", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const { id } = deviceNamed(scene, OLD_PHONE);
    await answerTo(slack, alice, `restore-devices ${MALLORY} ${id} --reason found again`);
    const asked = await card(scene, "Restore 1 device");
    cloudflare.faults.set("registrations.unrevoke", {
      kind: "status",
      status: 200,
      body: { success: true, errors: [], messages: [], result: null },
    });
    const thread = await approve(slack, asked);
    expect(thread).toContain("not confirmed: 1 of 1 device not restored");
    expect(thread).toContain(`Not yet: ${OLD_PHONE}`);

    cloudflare.faults.clear();
    await answerTo(slack, alice, `unrevoke-devices ${MALLORY} --all --reason found again`);
    const second = await cardWhere(
      slack,
      (words) => words.includes("Restore 1 device") && words.includes("Needs 1 approval"),
    );
    expect(await approve(slack, second)).toContain("✅ Restored 1 device, verified at");
    expect(deviceNamed(scene, OLD_PHONE).isActive).toBe(true);
  });

  it("does not take what is active for revoked", async () => {
    const scene = await startScene();
    const { id } = deviceNamed(scene, DESKTOP);
    const { words } = await answerTo(scene.slack, alice, `restore-devices ${MALLORY} ${id} --reason x`);
    expect(words).toContain(`No revoked registration of this user has the id ${id}.`);
    expect(words).toContain("is active, or deleted");
  });
});

describe("legacy_device_revoke in policy.yml", () => {
  const LEGACY = `${POLICY}legacy_device_revoke: true\n`;

  it("uses the deprecated call, in batches, and says on the card what it can't do", async () => {
    const scene = await startScene({ policy: LEGACY });
    const { slack, cloudflare } = scene;
    for (let index = 0; index < 210; index += 1)
      cloudflare.registerDevice(MALLORY, { name: `kiosk-${index}` });
    await answerTo(slack, alice, `revoke-devices ${MALLORY} --all --reason laptop stolen`);
    const asked = await card(scene, "Revoke 212 devices");
    expect(wordsOf(slack, asked)).toContain("which can't say which one failed");
    const thread = await approve(slack, asked);
    expect(thread).toContain("Calling Cloudflare: devices/revoke for 212 devices");
    expect(thread).toContain("✅ Revoked 212 devices, verified at");
    const calls = callsTo(cloudflare, "POST", "/devices/revoke");
    expect(calls.map(({ body }) => (Array.isArray(body) ? body.length : body))).toEqual([200, 12]);
    expect(callsTo(cloudflare, "POST", "registrations/revoke")).toEqual([]);
  });

  it("refuses devices that several people use, before anybody is asked to approve", async () => {
    const scene = await startScene({ policy: LEGACY });
    const { slack, cloudflare } = scene;
    cloudflare.settings.multiUserMode = true;
    cloudflare.registerDevice(MALLORY, { name: "shared", deviceId: "2a1f7a52-3f3c-4f0e-9b6f-0f6f2d0c1b7e" });
    const { words } = await answerTo(slack, alice, `revoke-devices ${MALLORY} --all --reason x`);
    expect(words).toContain("These devices are used by several people (multi-user mode).");
    expect(words).toContain("Turn legacy_device_revoke off in policy.yml");
    expect(slack.messages(CHANNELS.approvals)).toEqual([]);

    // Off again, the same is asked for.
    writeFileSync(join(scene.folder, "policy.yml"), POLICY);
    await scene.policy.reload(createLogger("silent"));
    await answerTo(slack, alice, `revoke-devices ${MALLORY} --all --reason x`);
    expect(await approve(slack, await card(scene, "Revoke 3 devices"))).toContain(
      "✅ Revoked 3 devices, verified at",
    );
  });
});

describe("revoking a whole device", () => {
  const DEVICE = "2a1f7a52-3f3c-4f0e-9b6f-0f6f2d0c1b7e";
  const shared = async (more = "") => {
    const scene = await startScene({ policy: `${POLICY}\n${more}\n` });
    const { cloudflare } = scene;
    cloudflare.settings.multiUserMode = true;
    for (const email of [MALLORY, "dana@example.com"])
      cloudflare.registerDevice(email, { name: "front-desk", deviceId: DEVICE });
    const on = () => cloudflare.state.registrations.filter(({ deviceId }) => deviceId === DEVICE);
    const mine = on().find(({ userId }) => userId === accessIdOf(scene, MALLORY));
    return { scene, on, id: mine?.id ?? "" };
  };

  it("takes everyone who uses it along, by one call, and says who that is before", async () => {
    const { scene, on, id } = await shared();
    const { slack, cloudflare } = scene;
    await answerTo(slack, alice, `revoke-devices ${MALLORY} ${id} --whole-device --reason stolen`);
    const asked = await card(scene, "Revoke the whole device front-desk");
    expect(wordsOf(slack, asked)).toContain("also those of dana@example.com");
    const thread = await approve(slack, asked);
    expect(thread).toContain("Calling Cloudflare: physical-devices/revoke for front-desk");
    expect(thread).toContain("no one is registered on it");
    expect(on().every(({ revokedAt }) => revokedAt !== null)).toBe(true);
    expect(callsTo(cloudflare, "POST", `physical-devices/${DEVICE}/revoke`)).toHaveLength(1);
    expect(callsTo(cloudflare, "POST", "registrations/revoke")).toEqual([]);
  });

  it("is not claimed while someone else is registered on it again", async () => {
    const { scene, id } = await shared();
    const { slack, cloudflare } = scene;
    await answerTo(slack, alice, `revoke-devices ${MALLORY} ${id} --whole-device --reason stolen`);
    const asked = await card(scene, "Revoke the whole device front-desk");
    const held = cloudflare.faults.holdAnswer("physical-devices.revoke");
    await press(slack, PEOPLE.bob, asked, CARD_ACTIONS.approve);
    await held.arrived;
    cloudflare.registerDevice("dana@example.com", { name: "front-desk", deviceId: DEVICE });
    held.release();
    expect((await finishedThread(slack, asked)).join("\n")).toContain("1 registration on it still active");
  });

  it("is ticked in the form where people share a device, and takes one device", async () => {
    const { scene } = await shared();
    const { slack } = scene;
    const form = await openFormBy(slack, alice, `revoke-devices ${MALLORY}`);
    expect(boxesOf(form).map(({ value }) => value)).toContain("whole");
    const back = await sendForm(slack, alice, form, {
      ...tick(form, ({ value }) => value === "whole" || value === "all"),
      reason: { reason: "stolen" },
    });
    expect(slack.visibleText(back)).toContain("A whole device is revoked alone.");
    expect(boxesOf(back).find(({ value }) => value === "whole")?.isTicked).toBe(true);
  });

  describe("goes by everyone who uses it:", () => {
    const DANA = "dana@example.com";
    const ask = (scene: Scene, id: string) =>
      answerTo(scene.slack, alice, `revoke-devices ${MALLORY} ${id} --whole-device --reason stolen`);

    it("where one of the others is protected, the protected people's approvals are needed", async () => {
      const { scene, id } = await shared(`protected: { emails: [${DANA}], quorum: 2 }`);
      await ask(scene, id);
      expect(wordsOf(scene.slack, await card(scene, "Revoke the whole device"))).toContain(
        "Needs 2 approvals",
      );
    });

    it("where one of the others became protected since, it is void", async () => {
      const { scene, on, id } = await shared();
      await ask(scene, id);
      const asked = await card(scene, "Revoke the whole device");
      writeFileSync(
        join(scene.folder, "policy.yml"),
        `${POLICY}\nprotected: { emails: [${DANA}], quorum: 2 }\n`,
      );
      await scene.policy.reload(createLogger("silent"));
      expect(await approve(scene.slack, asked)).toContain("The target became protected");
      expect(on().every(({ revokedAt }) => revokedAt === null)).toBe(true);
    });

    it("an approver who uses it does not decide", async () => {
      const { scene, id } = await shared();
      const { slack } = scene;
      slack.setPerson(PEOPLE.bob, { name: "bob", realName: "Bob Okafor", email: DANA });
      await ask(scene, id);
      const asked = await card(scene, "Revoke the whole device");
      await press(slack, PEOPLE.bob, asked, CARD_ACTIONS.approve);
      const told = await newEphemeral(slack, PEOPLE.bob);
      expect(slack.visibleText(told)).toContain("This request is about you");
    });

    it("someone who joined it since makes it void", async () => {
      const { scene, on, id } = await shared();
      await ask(scene, id);
      const asked = await card(scene, "Revoke the whole device");
      scene.cloudflare.registerDevice("alice@example.com", { name: "front-desk", deviceId: DEVICE });
      expect(await approve(scene.slack, asked)).toContain("alice@example.com uses the device as well");
      expect(on().every(({ revokedAt }) => revokedAt === null)).toBe(true);
    });
  });
});
