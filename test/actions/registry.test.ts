import { describe, expect, it } from "vitest";

import { actionOf, ACTIONS } from "../../src/actions/index.ts";
import { ACTION_NAMES, hashPlan, parsePlan } from "../../src/requests/plan.ts";
import { makePlan, makeSummary } from "../views/support.ts";
import { TARGET } from "./support.ts";

describe("the words of an action", () => {
  it.each(ACTION_NAMES)("%s is found by its name, and its words name the target", (name) => {
    const plan = { ...makePlan(name), target: TARGET };
    const action = actionOf(plan);
    expect(action.name).toBe(name);
    const words = action.describe(plan, makeSummary());
    for (const text of [words.headline, action.question(plan, null), action.callText(plan)])
      expect(text).toContain(TARGET.email);
    expect(words.effects.length).toBeGreaterThan(0);
    expect(words.caution).not.toBe("");
    expect(words.undo).not.toBe("");
  });
});

describe("a stored plan", () => {
  it.each(ACTION_NAMES)("of %s is read as it was, with the same hash", (name) => {
    const plan = makePlan(name);
    const read = parsePlan(JSON.parse(JSON.stringify(plan)));
    expect(read).toEqual(plan);
    expect(hashPlan(read)).toBe(hashPlan(plan));
  });

  it.each(ACTION_NAMES)(
    "of %s is refused with an option that is unknown, missing or of another kind",
    (name) => {
      const plan = makePlan(name);
      expect(() => parsePlan({ ...plan, options: { ...plan.options, more: 1 } })).toThrow(/more/);
      for (const option of Object.keys(plan.options)) {
        const { [option]: _left, ...others } = plan.options as Record<string, unknown>;
        expect(() => parsePlan({ ...plan, options: others })).toThrow(option);
        expect(() => parsePlan({ ...plan, options: { ...others, [option]: null } })).toThrow(option);
      }
    },
  );

  it("is refused with an action that this version does not have", () => {
    expect(() => parsePlan({ ...makePlan("revoke"), action: "ban" })).toThrow(/action/);
  });
});

describe("what an action says of itself", () => {
  it("has what is irreversible wait: it is never urgent", () => {
    for (const action of ACTIONS)
      expect(action.isIrreversible === true && action.isUrgent === true).toBe(false);
  });

  it("lets only what takes access away be urgent", () => {
    expect(ACTIONS.filter(({ isUrgent }) => isUrgent).map(({ name, access }) => [name, access])).toEqual([
      ["revoke", "takes"],
      ["block", "takes"],
      ["revoke-devices", "takes"],
    ]);
  });
});
