import { control, fell, held, unless, type Attack } from "./attack.ts";
import { comesAbout, isAlive } from "./people.ts";
import { dial, statusOf, tell } from "./requests.ts";

const ITEM = "one request";

/** What one request, or many at once, can do to the process. */
export const door: Attack[] = [
  {
    item: ITEM,
    name: "other-methods",
    claim: "anything but POST on /slack/events is 405, and the process goes on",
    async run(targets) {
      const target = await targets.shared();
      control(await isAlive(target), "a signed request is not answered");
      const methods = ["GET", "HEAD", "PUT", "OPTIONS", "DELETE", "PATCH", "TRACE"];
      const seen: string[] = [];
      for (const method of methods) {
        const answer = await tell(
          target,
          `${method} /slack/events HTTP/1.1\r\nHost: bot\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
        );
        seen.push(`${method} ${/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? "no answer"}`);
      }
      const wrong = seen.filter((one) => !one.endsWith(" 405"));
      if (!(await isAlive(target))) wrong.push("a signed request is no longer answered");
      return unless(wrong, seen.join(", "));
    },
  },
  {
    item: ITEM,
    name: "odd-requests",
    claim: "no form of request that HTTP allows, or does not, ends the process",
    async run(targets) {
      const target = await targets.shared();
      control(await isAlive(target), "a signed request is not answered");
      const wrong: string[] = [];
      for (const [name, text] of Object.entries(oddRequests())) {
        await tell(target, text, 400);
        if ((await statusOf(target, "/healthz")) !== 200) {
          wrong.push(`after ${name} /healthz is not 200`);
          break;
        }
      }
      if (!(await isAlive(target))) wrong.push("a signed request is no longer answered");
      return unless(wrong, `${Object.keys(oddRequests()).length} forms, and it still answers`);
    },
  },
  {
    item: ITEM,
    name: "pipelining",
    claim: "200 requests down one connection are answered or refused, and the process goes on",
    async run(targets) {
      const target = await targets.shared();
      control(await isAlive(target), "a signed request is not answered");
      const one = "GET /healthz HTTP/1.1\r\nHost: bot\r\n\r\n";
      const bad = "GET /slack/events HTTP/1.1\r\nHost: bot\r\n\r\n";
      const answer = await tell(target, (one + bad).repeat(100), 2000);
      const answered = answer.split("HTTP/1.1 ").length - 1;
      return unless(
        (await isAlive(target)) ? [] : ["a signed request is no longer answered"],
        `${answered} answers, and it still answers others`,
      );
    },
  },
  {
    item: ITEM,
    name: "stalled-bodies",
    claim: "300 held-back bodies do not keep Slack out, and are ended in little more than 10 s",
    isolated: true,
    async run(targets) {
      const target = await targets.start();
      const wires = await Promise.all(Array.from({ length: 300 }, () => dial(target)));
      const startedAt = performance.now();
      for (const { socket } of wires)
        socket.write("POST /slack/events HTTP/1.1\r\nHost: bot\r\nContent-Length: 100\r\n\r\npayload=");
      control(
        wires.filter(({ socket }) => !socket.destroyed).length > 0,
        "not one of the connections was taken",
      );
      const wrong: string[] = [];
      if (!(await isAlive(target))) wrong.push("meanwhile a signed request is not answered");
      const open = (): number => wires.filter(({ socket }) => !socket.destroyed).length;
      await comesAbout(() => open() === 0, 22_000);
      const tookMs = performance.now() - startedAt;
      if (open() > 0) wrong.push(`${open()} of 300 are still open after ${seconds(tookMs)}`);
      for (const { socket } of wires) socket.destroy();
      return unless(
        wrong,
        `all were ended after ${seconds(tookMs)}; a signed request was answered meanwhile`,
      );
    },
  },
  {
    item: ITEM,
    name: "slow-headers",
    claim: "a connection that never finishes its headers is ended in little more than 10 s",
    isolated: true,
    async run(targets) {
      const target = await targets.start();
      const startedAt = performance.now();
      const slow = await dial(target);
      slow.socket.write("POST /slack/events HTTP/1.1\r\nHost: bot\r\n");
      const drip = setInterval(() => void slow.socket.write("X-A: b\r\n"), 500);
      control(!slow.socket.destroyed, "the connection was not taken");
      const isEnded = await comesAbout(() => slow.socket.destroyed, 22_000);
      clearInterval(drip);
      slow.socket.destroy();
      const tookMs = performance.now() - startedAt;
      return isEnded ? held(`ended after ${seconds(tookMs)}`) : fell(`still open after ${seconds(tookMs)}`);
    },
  },
  {
    item: ITEM,
    name: "many-connections",
    claim: "connections are limited: 3,000 idle ones are not all kept, and Slack gets in again once they end",
    isolated: true,
    async run(targets) {
      const target = await targets.start();
      const wires = await Promise.all(Array.from({ length: 3000 }, () => dial(target)));
      await comesAbout(() => false, 500);
      const kept = wires.filter(({ socket }) => !socket.destroyed).length;
      control(kept > 0, "not one connection was taken");
      for (const { socket } of wires) socket.destroy();
      const isBack = await comesAbout(() => isAlive(target), 20_000, 500);
      return unless(
        [
          ...(kept === wires.length ? ["all 3,000 are kept"] : []),
          ...(isBack ? [] : ["a signed request is no longer answered"]),
        ],
        `${kept} of 3,000 are kept, and a signed request is answered afterwards`,
      );
    },
  },
  {
    item: ITEM,
    name: "huge-bodies",
    claim: "a body without an end is cut off before it fills the memory",
    isolated: true,
    async run(targets) {
      const target = await targets.start();
      control(await isAlive(target), "a signed request is not answered");
      const wire = await dial(target);
      wire.socket.write("POST /slack/events HTTP/1.1\r\nHost: bot\r\nTransfer-Encoding: chunked\r\n\r\n");
      const chunk = Buffer.alloc(1024 * 1024, "a");
      let sent = 0;
      while (sent < 256 && !wire.socket.destroyed) {
        const text = Buffer.concat([Buffer.from("100000\r\n"), chunk, Buffer.from("\r\n")]);
        await new Promise<void>((resolve) => {
          const go = setTimeout(resolve, 1000);
          wire.socket.write(text, () => {
            clearTimeout(go);
            resolve();
          });
        });
        sent += 1;
      }
      const wrong = wire.socket.destroyed ? [] : [`${sent} MB were taken and the connection is still open`];
      wire.socket.destroy();
      if (!(await isAlive(target))) wrong.push("a signed request is no longer answered");
      return unless(wrong, `cut off after ${sent} MB`);
    },
  },
  {
    item: ITEM,
    name: "uncaught-errors",
    claim: "an error that nobody caught is one JSON line of level fatal and exit code 1, whatever was thrown",
    isolated: true,
    timeoutMs: 150_000,
    async run(targets) {
      const target = await targets.prepare();
      const wrong: string[] = [];
      for (const thrown of [
        "throw new Error('boom')",
        "throw null",
        "throw 'a text'",
        "Promise.reject(new Error('boom'))",
        "Promise.reject(undefined)",
      ]) {
        const code = `process.on('SIGUSR2', () => { ${thrown} })`;
        const bot = target.begin({
          NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}`,
        });
        await bot.logged("ready", 30_000);
        control(
          bot.logs().every(({ level }) => level !== "fatal"),
          "it was fatal before the attack",
        );
        bot.signal("SIGUSR2");
        const exit = await Promise.race([
          bot.exited,
          new Promise<null>((resolve) => setTimeout(() => resolve(null), 5000)),
        ]);
        await bot.kill();
        const fatal = bot.logs().filter(({ level }) => level === "fatal").length;
        const words = `exit code ${exit?.code ?? "none"}, ${fatal} fatal lines, ${bot.stderr().length} bytes on stderr`;
        if (exit?.code !== 1 || fatal !== 1 || bot.stderr() !== "") wrong.push(`${thrown}: ${words}`);
      }
      return unless(wrong, "five kinds, each one fatal line and exit code 1");
    },
  },
];

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function oddRequests(): Record<string, string> {
  const rest = "Host: bot\r\nConnection: close\r\n";
  return {
    "expect: 100-continue": `POST /slack/events HTTP/1.1\r\n${rest}Expect: 100-continue\r\nContent-Length: 10\r\n\r\n`,
    "another expectation": `POST /slack/events HTTP/1.1\r\n${rest}Expect: the-unexpected\r\nContent-Length: 10\r\n\r\n`,
    "an upgrade": `GET /slack/events HTTP/1.1\r\nHost: bot\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    "an upgrade by POST": `POST /slack/events HTTP/1.1\r\nHost: bot\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n`,
    CONNECT: `CONNECT slack.com:443 HTTP/1.1\r\nHost: slack.com\r\n\r\n`,
    "an absolute address": `GET http://bot/slack/events HTTP/1.1\r\n${rest}\r\n`,
    "a broken absolute address": `POST http://[/slack/events HTTP/1.1\r\n${rest}Content-Length: 0\r\n\r\n`,
    "two slashes": `POST //slack/events HTTP/1.1\r\n${rest}Content-Length: 0\r\n\r\n`,
    "two slashes and nothing": `GET // HTTP/1.1\r\n${rest}\r\n`,
    "an address of percent signs": `POST /slack/events?%%%=%ff HTTP/1.1\r\n${rest}Content-Length: 0\r\n\r\n`,
    "the server as a whole": `OPTIONS * HTTP/1.1\r\n${rest}\r\n`,
    "no host": `POST /slack/events HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    "an odd host": `POST /slack/events HTTP/1.1\r\nHost: [\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    "two lengths": `POST /slack/events HTTP/1.1\r\n${rest}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
    "a length and chunks": `POST /slack/events HTTP/1.1\r\n${rest}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    "a broken chunk": `POST /slack/events HTTP/1.1\r\n${rest}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
    "a body that ends early": `POST /slack/events HTTP/1.1\r\n${rest}Content-Length: 1000\r\n\r\nshort`,
    "a compressed body that is none": `POST /slack/events HTTP/1.1\r\n${rest}Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello`,
    "a body of an unknown charset": `POST /slack/events HTTP/1.1\r\n${rest}Content-Type: application/json; charset=x-none\r\nContent-Length: 2\r\n\r\n{}`,
    "headers past every limit": `POST /slack/events HTTP/1.1\r\n${rest}X-Long: ${"a".repeat(100_000)}\r\n\r\n`,
    "a thousand headers": `POST /slack/events HTTP/1.1\r\n${rest}${"X-A: b\r\n".repeat(3000)}\r\n`,
    "odd Slack headers": `POST /slack/events HTTP/1.1\r\n${rest}X-Slack-Signature: v0=x\r\nX-Slack-Signature: v0=y\r\nX-Slack-Request-Timestamp: NaN\r\nContent-Length: 2\r\n\r\n{}`,
    "HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    TLS: "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003",
    nothing: "\r\n\r\n\r\n",
  };
}
