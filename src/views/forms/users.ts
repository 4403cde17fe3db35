import { z } from "zod";

import { defineForm, textInput } from "./spec.ts";

const Email = z.email();

export const createUserForm = defineForm<"create-user">({
  title: "Create a user",
  intro: "Asks the approvers to add somebody to Access before their first log-in.",
  caution: "This grants nothing by itself: your Access policies decide what they reach.",
  about: "nobody-yet",
  material: "none",
  fields: (_material, prefill) => [
    textInput({
      id: "email",
      label: "E-mail",
      placeholder: "name@example.com",
      initial: prefill.email,
      maxLength: 254,
    }),
    textInput({ id: "name", label: "Name", initial: prefill.name, optional: true, maxLength: 200 }),
  ],
  read(values) {
    const email = values.text("email");
    if (!Email.safeParse(email).success)
      return { ok: false, errors: { email: `“${email.slice(0, 100)}” is not a valid e-mail address.` } };
    return { ok: true, wish: { action: "create-user", email, name: values.text("name") } };
  },
});

export const renameUserForm = defineForm<"rename-user">({
  title: "Rename a user",
  intro: "Asks the approvers to change the name under which Access shows a user. The e-mail stays.",
  caution: "The identity provider's name is not touched and may come back at their next log-in.",
  about: "user",
  material: "none",
  fields: (_material, prefill) => [
    textInput({ id: "name", label: "New name", initial: prefill.newName, maxLength: 200 }),
  ],
  read(values) {
    const newName = values.text("name");
    if (newName === "") return { ok: false, errors: { name: "Give the new name." } };
    return { ok: true, wish: { action: "rename-user", newName } };
  },
});

export const deleteUserForm = defineForm<"delete-user">({
  title: "Delete a user",
  intro:
    "Asks the approvers to delete a user from Access, with seats, tokens, sessions and device registrations.",
  caution:
    "CANNOT BE UNDONE. Not a ban either: at their next log-in they become a user again if your policies allow it.",
  about: "user",
  material: "none",
  fields: (_material, prefill) => [
    textInput({
      id: "typed",
      label: "Type their e-mail to confirm",
      hint: "In full: a deletion cannot be taken back",
      initial: prefill.typedEmail,
      maxLength: 254,
    }),
  ],
  read: (values) => ({ ok: true, wish: { action: "delete-user", typedEmail: values.text("typed") } }),
});
