import { at, flag, readRows, row, text, textOrEmpty, type RowOf } from "../fields.ts";

/** An identity provider of the account. `scim`: whether it syncs its users; null where that is not said. */
export const IdentityProvider = row(
  {
    id: textOrEmpty("id"),
    name: text("name"),
    type: text("type"),
    scim: flag("scim_config.enabled"),
  },
  "id",
);
export type IdentityProvider = RowOf<typeof IdentityProvider>;

const readEmail = row({ value: textOrEmpty("value") }, "value");

/** A user as an identity provider last synced them. `active: false` is disabled there; null is unknown. */
export const ScimUser = row(
  {
    id: textOrEmpty("id"),
    name: text("displayName"),
    active: flag("active"),
    emails: at("emails", (emails) => readRows(readEmail, emails).map(({ value }) => value)),
  },
  "id",
);
export type ScimUser = RowOf<typeof ScimUser>;
