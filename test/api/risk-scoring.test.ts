import nock from "nock";
import { describe, expect, it } from "vitest";

import { useNock } from "../support/nock.ts";
import { A, catchError, createTestClient, mockApi, ORIGIN, RAY, succeed, USER_ID } from "./support.ts";

useNock();

const RISK = `${A}/zt_risk_scoring`;

describe("the risk summary", () => {
  it("is read row by row", async () => {
    const user = {
      user_id: USER_ID,
      email: "jdoe@example.com",
      name: "Jane",
      max_risk_level: "high",
      event_count: 3,
      last_event: "2025-02-14T13:17:00Z",
    };
    mockApi()
      .get(`${RISK}/summary`)
      .reply(200, succeed({ users: [user] }));
    expect(await createTestClient().riskScoring.summary()).toEqual([
      {
        userId: USER_ID,
        email: "jdoe@example.com",
        name: "Jane",
        level: "high",
        eventCount: 3,
        lastEventAt: Date.parse("2025-02-14T13:17:00Z"),
      },
    ]);
  });

  it("is read from odd rows", async () => {
    const users = [
      {
        user_id: 12,
        email: 3,
        name: null,
        max_risk_level: "critical",
        event_count: -1,
        last_event: "",
        more: [],
      },
      { email: "no-id@example.com" },
      "text",
    ];
    mockApi().get(`${RISK}/summary`).reply(200, succeed({ users }));
    expect(await createTestClient().riskScoring.summary()).toEqual([
      { userId: "12", email: "3", name: null, level: null, eventCount: null, lastEventAt: null },
    ]);
  });

  it("without users says nobody only when it says so", async () => {
    mockApi()
      .get(`${RISK}/summary`)
      .reply(200, succeed({ users: null }));
    mockApi().get(`${RISK}/summary`).reply(200, succeed({}));
    mockApi().get(`${RISK}/summary`).reply(200, succeed(null));
    const { riskScoring } = createTestClient();
    expect(await riskScoring.summary()).toEqual([]);
    await expect(riskScoring.summary()).rejects.toMatchObject({ kind: "shape" });
    await expect(riskScoring.summary()).rejects.toMatchObject({ kind: "shape" });
  });
});

describe("a risk score", () => {
  it("is read with its events", async () => {
    const event = {
      id: "e1",
      name: "Impossible travel",
      risk_level: "high",
      timestamp: "2025-02-14T13:17:00Z",
      event_details: { from: "DE", to: "BR", hours: 1 },
    };
    const risk = { email: "jdoe@example.com", name: "Jane", risk_level: "high", events: [event] };
    mockApi()
      .get(`${RISK}/${USER_ID}`)
      .reply(200, succeed({ ...risk, last_reset_time: "2025-01-01T00:00:00Z" }));
    expect(await createTestClient().riskScoring.get(USER_ID)).toEqual({
      email: "jdoe@example.com",
      name: "Jane",
      level: "high",
      rawLevel: "high",
      lastResetAt: Date.parse("2025-01-01T00:00:00Z"),
      events: [
        {
          id: "e1",
          name: "Impossible travel",
          level: "high",
          at: Date.parse("2025-02-14T13:17:00Z"),
          details: '{"from":"DE","to":"BR","hours":1}',
        },
      ],
    });
  });

  it("keeps Cloudflare's word for a level it does not know, and reads odd events", async () => {
    const events = [
      { id: 7, name: null, risk_level: "MEDIUM", timestamp: 1_739_539_020, event_details: "text" },
    ];
    mockApi()
      .get(`${RISK}/${USER_ID}`)
      .reply(
        200,
        succeed({ risk_level: "critical", last_reset_time: "", events: [...events, null, {}], x: 1 }),
      );
    const blank = { id: null, name: null, level: null, at: null, details: null };
    expect(await createTestClient().riskScoring.get(USER_ID)).toEqual({
      email: null,
      name: null,
      level: null,
      rawLevel: "critical",
      lastResetAt: null,
      events: [{ ...blank, id: "7", level: "medium", at: 1_739_539_020_000, details: "text" }, blank],
    });
  });

  it("is not taken for one without events when they are missing", async () => {
    mockApi()
      .get(`${RISK}/${USER_ID}`)
      .reply(200, succeed({ email: "jdoe@example.com", risk_level: "high" }));
    const error = await catchError(createTestClient().riskScoring.get(USER_ID));
    expect(error).toMatchObject({ kind: "shape", applied: "no" });
  });

  it("cuts details that are long, never through a character", async () => {
    const long = `${"x".repeat(499)}${"🙂".repeat(10)}`;
    const events = [{ event_details: long }, { event_details: { long } }, { event_details: {} }];
    mockApi().get(`${RISK}/${USER_ID}`).reply(200, succeed({ events }));
    const { events: read } = await createTestClient().riskScoring.get(USER_ID);
    expect(read.map(({ details }) => details)).toEqual([
      `${"x".repeat(499)}…`,
      `{"long":"${"x".repeat(491)}…`,
      null,
    ]);
  });

  it("that is null cannot be read", async () => {
    mockApi().get(`${RISK}/${USER_ID}`).reply(200, succeed(null));
    const error = await catchError(createTestClient().riskScoring.get(USER_ID));
    expect(error).toMatchObject({ kind: "shape", call: "get risk score", applied: "no" });
  });
});

describe("resetting a risk score", () => {
  it("sends no body and no content type", async () => {
    let sent: unknown;
    nock(ORIGIN, { badheaders: ["content-type"], reqheaders: { "content-length": "0" } })
      .post(`${RISK}/${USER_ID}/reset`)
      .reply(
        200,
        async (request: Request) => {
          sent = await request.text();
          return succeed({});
        },
        { "cf-ray": RAY },
      );
    expect(await createTestClient().riskScoring.reset(USER_ID)).toEqual({ cfRay: RAY, status: 200 });
    expect(sent).toBe("");
  });

  it.each([null, undefined, "odd", 4])("takes success for done with result %j", async (result) => {
    mockApi().post(`${RISK}/${USER_ID}/reset`).reply(200, succeed(result));
    expect(await createTestClient().riskScoring.reset(USER_ID)).toEqual({ cfRay: RAY, status: 200 });
  });

  it("has no ray to show when Cloudflare sent none or one that is none", async () => {
    nock(ORIGIN).post(`${RISK}/${USER_ID}/reset`).reply(200, succeed({}));
    nock(ORIGIN).post(`${RISK}/${USER_ID}/reset`).reply(200, succeed({}), { "cf-ray": "<b>x" });
    const { riskScoring } = createTestClient();
    expect(await riskScoring.reset(USER_ID)).toEqual({ cfRay: null, status: 200 });
    expect(await riskScoring.reset(USER_ID)).toEqual({ cfRay: null, status: 200 });
  });
});
