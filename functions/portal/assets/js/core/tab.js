// What is kept in the tab and in the browser; never passwords.

/** Values that outlive a page but not the tab; never passwords. */
export const tab = {
  get: (name) => JSON.parse(sessionStorage.getItem(name) ?? "null"),
  set: (name, value) => sessionStorage.setItem(name, JSON.stringify(value)),
  drop: (name) => sessionStorage.removeItem(name),
  take(name) {
    const value = this.get(name);
    this.drop(name);
    return value;
  },
};

export const cookie = (name) => document.cookie.split("; ").some((pair) => pair.startsWith(`${name}=`));
/** The next pages are asked for in this language unless a link says another. */
export const rememberLanguage = (/** @type {string} */ language) => (document.cookie = `lingua=${language}; Max-Age=31536000; Path=/; SameSite=Lax`);
export const forgetSession = () => (document.cookie = "accesso=; Max-Age=0; Path=/; SameSite=Lax");
