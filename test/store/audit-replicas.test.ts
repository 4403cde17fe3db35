import { expect, it, onTestFinished } from "vitest";

import { appendAudit } from "../support/audit.ts";
import { readBatches } from "../../src/audit/read.ts";
import { verifyChain } from "../../src/audit/verify.ts";
import { insertRequest } from "../../src/requests/repository.ts";
import { moveRequest } from "../../src/requests/transition.ts";
import { openStore } from "../../src/store/open.ts";
import { createDatabase, describeWithPostgres } from "../support/postgres.ts";
import { ALICE, BOB, newRequest, NOW, transitionTo } from "./fixture.ts";

const ROUNDS = 40;

describeWithPostgres("four replicas on one PostgreSQL", () => {
  it("write one chain between them: nothing lost, nothing twice, no gap where a transaction failed", async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const stores = await Promise.all(Array.from({ length: 4 }, () => openStore({ kind: "postgres", url })));
    const [first] = stores;
    if (first === undefined) throw new Error("no store");
    onTestFinished(async () => {
      await Promise.all(stores.map((store) => store.close()));
    });

    await Promise.all(
      stores.flatMap(({ db }, replica) =>
        Array.from({ length: ROUNDS }, async (_none, round) => {
          const { id } = await insertRequest(db, newRequest());
          const approvals = [BOB, ALICE].map((actor) =>
            moveRequest(db, id, transitionTo("approved", { actor })),
          );
          await appendAudit(db, { at: NOW, actor: ALICE, event: "alone", data: { replica, round } });
          const failed = db.transaction().execute(async (trx) => {
            await appendAudit(trx, { at: NOW, actor: ALICE, event: "lost" });
            throw new Error("failed");
          });
          await expect(failed).rejects.toThrow("failed");
          expect((await Promise.all(approvals)).filter((one) => one !== null)).toHaveLength(1);
        }),
      ),
    );

    // Created, approved once, alone.
    const rows = 4 * ROUNDS * 3;
    expect(await verifyChain(first.db)).toMatchObject({ ok: true, first: 1, rows });
    const alone = new Set<string>();
    for await (const batch of readBatches(first.db))
      for (const row of batch) if (row.event === "alone") alone.add(row.data);
    expect(alone.size).toBe(4 * ROUNDS);
  });
});
