import { list, plural } from "../../pluralize.ts";
import { utc } from "../../views/text.ts";
import { type Check, defineCheck } from "./check.ts";
import { LINKS } from "./links.ts";

export const DATABASE_CHECKS: readonly Check[] = [
  defineCheck({
    name: "database",
    title: "Database",
    needs: ["database"],
    missed: (failure) => {
      if (failure.of === "settings")
        return { status: "unknown", what: "Unknown: the settings need to be right first" };
      return {
        status: "problem",
        what: `The database can't be read (${failure.of === "database" ? failure.why : "no answer in time"})`,
        fix: "Make DATABASE_URL lead to a database that runs and that zt-bot's user may open",
        link: LINKS.data,
      };
    },
    judge: ({ database }) => {
      if (database === "none yet")
        return [{ status: "unasked", what: "None yet: zt-bot creates it at its first start" }];
      const { missingRights, writeTrouble } = database;
      if (missingRights.length > 0)
        return [
          {
            status: "problem",
            what: `zt-bot's database role lacks rights (${list(missingRights)})`,
            fix: "Run npm run migrate with MIGRATION_DATABASE_URL set to the role that owns the tables",
            link: LINKS.roles,
          },
        ];
      if (writeTrouble !== null)
        return [
          {
            status: "problem",
            what: `The database takes no writes (${writeTrouble}): no request can be made or approved`,
            fix: "Free the disk, or end what makes the database read-only or keeps it locked",
            link: LINKS.data,
          },
        ];
      return [{ status: "ok", what: "Can be read and written" }];
    },
  }),
  defineCheck({
    name: "migrations",
    title: "Migrations",
    needs: ["database"],
    missed: () => null,
    judge: ({ database }) => {
      if (database === "none yet") return [];
      const { missing, unknown, isTooNew } = database.migrations;
      if (isTooNew)
        return [
          {
            status: "problem",
            what: "The database belongs to a newer version of zt-bot",
            fix: "Start that version",
            link: LINKS.upgrade,
          },
        ];
      if (missing.length > 0)
        return [
          {
            status: "problem",
            what: `The database is not up to date: ${plural(missing.length, "migration")} to run (${list(missing)})`,
            fix: "Run npm run migrate, and start zt-bot again",
            link: LINKS.upgrade,
          },
        ];
      const isNewer = unknown.length > 0;
      return [
        {
          status: "ok",
          what: `The database is up to date${isNewer ? "; a newer version of zt-bot has added to it" : ""}`,
        },
      ];
    },
  }),
  defineCheck({
    name: "record",
    title: "Audit record",
    needs: ["database"],
    missed: () => null,
    judge: ({ database }) => {
      if (database === "none yet" || database.tail === null) return [];
      const { tail, lastVerify } = database;
      const look = {
        fix: "Run npm run audit -- verify, and follow the runbook before anything else",
        link: LINKS.record,
      };
      if (tail.kind === "broken")
        return [
          {
            status: "problem",
            what: `The audit record was tampered with: row ${tail.seq}, ${tail.why}`,
            ...look,
          },
        ];
      if (lastVerify?.outcome === "broken")
        return [
          { status: "problem", what: `The audit record was found broken on ${utc(lastVerify.at)}`, ...look },
        ];
      const newest = `The newest ${plural(tail.rows, "row")} ${tail.rows === 1 ? "is" : "are"} whole`;
      if (lastVerify === null)
        return [
          {
            status: "unasked",
            what: `${newest}. The whole record has never been verified: run npm run audit -- verify from time to time`,
            link: LINKS.record,
          },
        ];
      const how = lastVerify.outcome === "whole" ? "verified" : "verified, not all of it compared,";
      return [{ status: "ok", what: `${newest}. All of it was ${how} on ${utc(lastVerify.at)}` }];
    },
  }),
];
