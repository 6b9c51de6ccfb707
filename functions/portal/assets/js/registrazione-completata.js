// S05: the registration was sent, the mail comes next.

import { href, post, resend, t, tab } from "./core.js";

const sent = tab.get("registrata");
if (!sent) location.replace(href("/registrazione"));
else {
  document.getElementById("messaggio").textContent = t("registrazione-completata.js.scritto", { email: sent.username });
  resend(document.getElementById("rinvia"), document.getElementById("rinvio-esito"),
    () => post("/api/activate/resend", { username: sent.username }));
}
