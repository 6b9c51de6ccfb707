// Made-up people, companies and notices with valid codes, and the doors to the local stack.

export const LOCAL = process.env.LOCAL_URL;
const CREDITOR_KEY = process.env.CREDITOR_KEY ?? "local-creditor-key";
const ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

let seed = Number(process.env.SEED ?? Date.now() % 1_000_000_007);
console.log(`SEED=${seed}`);
function random(bound) {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed % bound;
}
const pick = (letters) => letters[random(letters.length)];
const consonant = () => pick("BCDFGLMNPRSTVZ");

export const MARIO = { username: "mario.rossi@example.it", password: "correct horse battery staple", fiscalCode: "RSSMRA80A01H501U" };
/** The manual's own debt, among Mario's. */
export const MANUAL_NOTICE = "001000000000106683";
export const PASSWORD = "il cane verde salta la luna";

export function fiscalCode() {
  const day = String(1 + random(28)).padStart(2, "0");
  const year = String(50 + random(49));
  const body = Array.from({ length: 6 }, consonant).join("") + year + pick("ABCDEHLMPRST") + day + "H501";
  let sum = 0;
  [...body].forEach((c, index) => {
    const value = c >= "A" ? c.charCodeAt(0) - 65 : Number(c);
    sum += index % 2 === 0 ? ODD[value] : value;
  });
  return body + String.fromCharCode(65 + (sum % 26));
}

export function companyCode() {
  const digits = Array.from({ length: 10 }, () => random(10));
  const sum = digits.reduce((total, digit, index) => {
    const value = index % 2 === 1 ? digit * 2 : digit;
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return digits.join("") + ((10 - (sum % 10)) % 10);
}

export function noticeNumber() {
  const base = `301${Array.from({ length: 13 }, () => random(10)).join("")}`;
  return base + String(BigInt(base) % 93n).padStart(2, "0");
}

export function person(more = {}) {
  const tag = `${Date.now().toString(36)}${random(100_000)}`;
  return { fiscalCode: fiscalCode(), personType: "natural", firstName: "Anna", lastName: "Bianchi", address: "Via Verdi 3", country: "IT",
    city: "Roma", province: "RM", postalCode: "00185", email: `anna.${tag}@example.it`, phone: "06 7654321", username: `anna.${tag}@example.it`,
    password: PASSWORD, passwordConfirmation: PASSWORD, privacyAccepted: true, termsAccepted: true, ...more };
}

async function send(address, options = {}) {
  const response = await fetch(address, { ...options, headers: { "content-type": "application/json", ...options.headers } });
  if (!response.ok) throw new Error(`${options.method ?? "GET"} ${address}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? null : response.json();
}

/** The mails to an address, newest first. */
export const mails = async (to, local = LOCAL) => (await send(`${local}/_local/mail.json?to=${encodeURIComponent(to)}`)).items;

/** Waits for a mail; never sleeps longer than needed. */
export async function mailTo(to, subject, local = LOCAL) {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const found = (await mails(to, local)).find((mail) => mail.subject.includes(subject));
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`no mail “${subject}” to ${to}`);
    await new Promise((done) => setTimeout(done, 200));
  }
}

export const linkOf = (mail, page) => mail.links.find((link) => link.includes(page));
/** The short code beside a mail's link. */
export const codeOf = (mail) => mail.text.match(/\b[A-Z0-9]{4}-[A-Z0-9]{4}\b/)[0];
export const advance = (seconds) => send(`${LOCAL}/_local/clock`, { method: "POST", body: JSON.stringify({ advanceSeconds: seconds }) });

/** What the PSP does with a payment; answers where the browser goes back. */
export const atPsp = async (redirectUrl, order) =>
  (await send(`${LOCAL}/_local/psp/${redirectUrl.split("/").at(-1).split("?")[0]}`, { method: "POST", body: JSON.stringify(order) })).returnUrl;

/** A debt that the creditor imports. */
export async function debt(debtor, more = {}, portal = process.env.PORTAL_URL) {
  const notice = noticeNumber();
  const body = { debtor: { fiscalCode: debtor.fiscalCode, personType: debtor.personType, name: debtor.companyName ?? `${debtor.firstName} ${debtor.lastName}` },
    serviceCode: "TEST1", reason: `Prova ${notice.slice(-6)}`, amount: 4550, dueDate: "2030-12-15", ...more };
  await send(`${portal}/creditor/debts/${notice}`, { method: "PUT", body: JSON.stringify(body), headers: { authorization: `Bearer ${CREDITOR_KEY}` } });
  return { noticeNumber: notice, ...body };
}

/** Somebody with an active account. */
export async function citizen(more = {}, portal = process.env.PORTAL_URL) {
  const someone = person(more);
  const api = `${portal}/api`;
  await send(`${api}/register`, { method: "POST", body: JSON.stringify(someone) });
  const link = linkOf(await mailTo(someone.email, "Attiva", portal === process.env.PORTAL_URL ? LOCAL : portal), "/attiva");
  await send(`${api}/activate`, { method: "POST", body: JSON.stringify({ token: new URL(link).hash.slice(3), password: someone.password }) });
  return someone;
}

/** Somebody whose identity is proven by the first of these debts. */
export async function debtor(...debts) {
  const someone = await citizen();
  const made = [];
  for (const more of debts.length > 0 ? debts : [{}]) made.push(await debt(someone, more));
  return { someone, debts: made };
}

/** The same people at another stack. */
export const at = (portal) => ({
  debtor: async (...debts) => {
    const someone = await citizen({}, portal);
    const made = [];
    for (const more of debts) made.push(await debt(someone, more, portal));
    return { someone, debts: made };
  },
});
