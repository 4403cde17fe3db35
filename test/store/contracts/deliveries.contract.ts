import { describe, expect, it } from "vitest";

import { createDeliveries } from "../../../src/store/deliveries.ts";
import { type GetStore, NOW } from "../fixture.ts";

export function deliveriesContract(store: GetStore): void {
  const db = () => store().db;
  const rows = async (): Promise<string[]> => {
    const found = await db().selectFrom("deliveries").select("id").orderBy("id").execute();
    return found.map(({ id }) => id);
  };

  describe("requests that come at the same time", () => {
    // More than go into one statement.
    const ids = Array.from({ length: 500 }, (_, index) => `many-${String(index).padStart(3, "0")}`);

    it("are each taken once, whichever replica they came to", async () => {
      const [one, other] = [createDeliveries(db(), () => NOW), createDeliveries(db(), () => NOW)];
      const taken = await Promise.all([...ids.map(one), ...ids.toReversed().map(other)]);

      expect(taken.filter(Boolean)).toHaveLength(ids.length);
      expect(await rows()).toEqual(expect.arrayContaining(ids));
      expect(await Promise.all(ids.map(createDeliveries(db(), () => NOW)))).not.toContain(true);
    });

    it("are each taken once where one of them comes twice", async () => {
      const take = createDeliveries(db(), () => NOW);
      expect(await Promise.all([take("twice"), take("once"), take("twice")])).toEqual([true, true, false]);
    });
  });
}
