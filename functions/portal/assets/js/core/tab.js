// What is kept in the tab and in the browser; never passwords. A browser may refuse to keep anything: then pages
// forget a little, and still work.

/** A store of the browser's, or null where its mere name throws. @param {"sessionStorage" | "localStorage"} name */
function store(name) {
  try {
    const found = globalThis[name];
    found.setItem("prova", "1");
    found.removeItem("prova");
    return found;
  } catch {
    return null;
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const session = store("sessionStorage");
/** Without a store, the tab's name lasts from page to page. */
const named = () => parsed(window.name || "{}") ?? {};

/** Values that outlive a page but not the tab; never passwords. */
export const tab = {
  get: (name) => (session ? parsed(session.getItem(name) ?? "null") : (named()[name] ?? null)),
  set(name, value) {
    if (session) session.setItem(name, JSON.stringify(value));
    else window.name = JSON.stringify({ ...named(), [name]: value });
  },
  drop(name) {
    if (session) session.removeItem(name);
    else this.set(name, undefined);
  },
  take(name) {
    const value = this.get(name);
    this.drop(name);
    return value;
  },
  clear() {
    session?.clear();
    window.name = "";
  },
};

const local = store("localStorage");
/** @type {Map<string, string>} */
const forgotten = new Map();
/** Small choices that outlive the tab. */
export const memory = {
  get: (name) => (local ? local.getItem(name) : (forgotten.get(name) ?? null)),
  set: (name, value) => (local ? local.setItem(name, value) : forgotten.set(name, value)),
  clear: () => (local ?? forgotten).clear(),
};

export const cookie = (name) => document.cookie.split("; ").some((pair) => pair.startsWith(`${name}=`));
export const rememberLanguage = (language) => (document.cookie = `lingua=${language}; Max-Age=31536000; Path=/; SameSite=Lax`);
export const forgetSession = () => (document.cookie = "accesso=; Max-Age=0; Path=/; SameSite=Lax");
