// The two live regions: nothing else announces.

function say(id, text) {
  const region = document.getElementById(id);
  region.textContent = "";
  setTimeout(() => (region.textContent = text), 50);
}
export const announce = (text) => say("live", text);
export const alarm = (text) => say("live-alert", text);
