import nock from "nock";
import { describe, expect, it } from "vitest";

import { watchNetwork } from "../support/nock.ts";

const HOST = "https://api.example.test";

describe("the network watch", () => {
  it("is content when every request was expected and every mock used", async () => {
    const watch = watchNetwork();
    nock(HOST).get("/users").query({ page: 1 }).reply(200, "{}");
    await fetch(`${HOST}/users?page=1`);
    expect(() => watch.verify()).not.toThrow();
  });

  it("fails on a request that nobody expected, even when the code swallows the error", async () => {
    const watch = watchNetwork();
    await fetch(`${HOST}/users?page=1`).catch(() => null);
    expect(() => watch.verify()).toThrow(
      /Unexpected request: GET https:\/\/api\.example\.test\/users\?page=1\n {2}Mend: mock exactly this/,
    );
  });

  it("fails on a request that a mock of the same host does not fit, and on that mock", async () => {
    const watch = watchNetwork();
    nock(HOST).get("/users").query({ page: 2 }).reply(200, "{}");
    await fetch(`${HOST}/users?page=1`).catch(() => null);
    const verify = () => watch.verify();
    expect(verify).toThrow(/Unexpected request: GET[^]*Unused mock: GET[^]*Mend: delete the mock/);
  });

  it("fails on a mock that was not used", () => {
    const watch = watchNetwork();
    nock(HOST).delete("/users/1").reply(202, "{}");
    expect(() => watch.verify()).toThrow(
      /Unused mock: DELETE https:\/\/api\.example\.test:443\/users\/1\n {2}Mend: delete the mock/,
    );
  });

  it("leaves nothing behind for the next watch", () => {
    const first = watchNetwork();
    nock(HOST).get("/left-over").reply(200, "{}");
    expect(() => first.verify()).toThrow(/left-over/);
    expect(() => watchNetwork().verify()).not.toThrow();
  });
});
