import { type KyselyPlugin, type RootOperationNode, sql } from "kysely";

import type { Db } from "../../src/store/open.ts";

/** How the database would go about every query that `run` makes: its lines such as "SCAN requests" or "Seq Scan on posts". */
export async function explainQueries(
  db: Db,
  run: (db: Db) => Promise<unknown>,
  explain: "EXPLAIN QUERY PLAN" | "EXPLAIN" = "EXPLAIN QUERY PLAN",
): Promise<string[]> {
  const asked: RootOperationNode[] = [];
  const listen: KyselyPlugin = {
    transformQuery: ({ node }) => {
      asked.push(node);
      return node;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  };
  await run(db.withPlugin(listen));
  const details: string[] = [];
  for (const node of asked) {
    const compiled = db.getExecutor().compileQuery(node, { queryId: "explained" });
    const plan = sql.raw(`${explain} ${compiled.sql}`);
    const { rows } = await db.executeQuery({ ...plan.compile(db), parameters: compiled.parameters });
    details.push(...rows.map((row) => String(Object.values(row as object).at(-1))));
  }
  return details;
}
