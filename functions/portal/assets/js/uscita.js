// S22: the farewell, said only when the session has ended; until then a button that ends it.

import { accountIfAny, actions, button, el, href, load, logout, outline, outcomeHeading, primary, t } from "./core.js";

const region = document.getElementById("regione");
const text = (words) => el("p", { class: "introduzione" }, words);

load(region, async () => {
  if (await accountIfAny()) {
    return [outcomeHeading(t("uscita.js.dentro")), text(t("uscita.js.dentro_testo")),
      actions(button(t("js.esci"), logout, "btn btn-primary"), outline(t("uscita.js.torna"), href("/pratiche")))];
  }
  return [outcomeHeading(t("uscita.js.uscito")), text(t("uscita.js.uscito_testo")),
    actions(primary(t("uscita.js.accedi"), href("/accedi")), outline(t("js.cerca"), href("/")))];
});
