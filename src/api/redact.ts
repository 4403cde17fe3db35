const MESSAGE_CAP = 300;

/**
 * Makes a function that takes out of Cloudflare's own words what must reach neither a log nor a chat: the given
 * secrets, anything like a token or an address, and line breaks; and cuts them at 300 characters.
 */
export function createRedactor(secrets: readonly string[]): (message: string) => string {
  const known = secrets.filter((secret) => secret !== "");
  return (message) => {
    const plain = known.reduce(
      (text, secret) => text.replaceAll(secret, "[secret]"),
      message.slice(0, 10_000),
    );
    return plain
      .replaceAll(/\bBearer\s+\S+/gi, "Bearer [secret]")
      .replaceAll(/[^\s"'<>(),;:=]+(?:@|%40)[^\s"'<>(),;:]+/gi, "[email]")
      .replaceAll(/\s+/g, " ")
      .slice(0, MESSAGE_CAP);
  };
}
