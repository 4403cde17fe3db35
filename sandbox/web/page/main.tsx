import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./style/index.ts";
import { App } from "./app.tsx";
import { loadEmoji } from "./text/emoji.tsx";

loadEmoji();
const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
