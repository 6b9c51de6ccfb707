// What every page shares, one part per subject. A page may ask for ten files in all, so the build joins these
// parts, in this order, into the one module that is served (see build.rs).

export * from "./core/messages.js";
export * from "./core/formats.js";
export * from "./core/announcements.js";
export * from "./core/tab.js";
export * from "./core/nodes.js";
export * from "./core/requests.js";
export * from "./core/session.js";
export * from "./core/loading.js";
export * from "./core/forms.js";
export * from "./core/debts.js";
export * from "./core/start.js";
